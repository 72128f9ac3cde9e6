// Each document against whatever may stand in its parameters, in what Docker tells it, and in what its calls answer: nothing of it is run, it ends
// no line and begins none, and what is not of those who wrote it is done as ever. The engines of test/docker take no part.
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { EXIT_CODES } from '../../src/core/exit-codes.ts';
import { inspectPage, readSwarm } from '../../src/swarm/inspect-page.ts';
import { readNodes, readServices } from '../../src/swarm/services-page.ts';
import { VERBS, loadDocument } from '../docker/support/documents.ts';
import type { Verb } from '../docker/support/documents.ts';
import { Machine } from './stub/run.ts';
import type { Answer, Call, Outcome } from './stub/run.ts';
import { COMMON, FORGED, GOOD, OF_GOOD, SCENES, Texts } from './stub/scenes.ts';
import type { Scene } from './stub/scenes.ts';
import { answerOf } from './stub/world.ts';
import type { World } from './stub/world.ts';

// The same texts in every run: what a random one finds is looked for on purpose, by SKEP_FUZZ, and not by whoever changes something else.
if (process.env['SKEP_FUZZ'] === undefined) {
  fc.configureGlobal({ seed: 13 });
}

/** Of each scene and each kind. One has some dozens of texts in it already, and a hundred processes. */
const RUNS = Number(process.env['SKEP_FUZZ'] ?? 1);

const LINE = `${FORGED.node} manager ready active leader ${FORGED.address}:2377 ${FORGED.address}`;
/** What shells, sed, awk, JSON, templates and lists of ours take for something of theirs; each line that it forges names what is not there. */
const evil = fc.constantFrom(
  ...[
    '$(canary)',
    '`canary`',
    ';canary;#',
    "';canary;'",
    '";canary;"',
    '|canary',
    '&&canary',
    '\ncanary\n',
    'x/y/;ecanary;#',
  ],
  ...[
    '"+system("canary")+"',
    'a[$(canary)]',
    '$((canary))',
    '*',
    '?',
    '~',
    '%s%n',
    '\\',
    '\\"',
    '"',
    "'",
    '\t',
    '\r',
    '\0',
    '\u001b[2J',
  ],
  ...[
    `|${FORGED.instance}\n${LINE}|${FORGED.instance}`,
    `\n${LINE}|"${FORGED.instance}"|"true"\n`,
    `\n${GOOD} worker down - some|${OF_GOOD}\n`,
  ],
  ...[
    `","nodeId":"${FORGED.node}`,
    `"}\n{"id":"${FORGED.node}","v":1,"name":"forged"}`,
    `\n"skep.instance":"${FORGED.instance}"\n`,
  ],
  ...[
    '{{.ID}}',
    '{{',
    '}}',
    '\u2028',
    'é',
    '名',
    '__proto__',
    'more@1111111111@08',
    `more@1111111111@${FORGED.node}`,
    '-1',
    '08',
  ],
);
const short = fc
  .array(fc.oneof({ weight: 2, arbitrary: evil }, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 6 })
  .map((parts) => parts.join(''));
/** Up to 64 kB. */
const anyText = fc.oneof(
  { weight: 12, arbitrary: short },
  fc
    .tuple(short, fc.constantFrom(300, 8000, 64_000))
    .map(([text, size]) => text + 'x'.repeat(Math.max(0, size - text.length))),
);
const key = anyText.filter((one) => !/^(skep\.|__proto__$|tier$)/.test(one));
/** What a swarm is full of: texts, and labels of nodes, services and tasks. */
interface Written {
  readonly all: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}
const hostile: fc.Arbitrary<Written> = fc.record({
  all: fc.array(anyText, { minLength: 20, maxLength: 40 }),
  labels: fc.dictionary(key, anyText, { minKeys: 1, maxKeys: 4 }),
});
const TAME: Written = { all: ['tame'], labels: { tier: 'web', note: 'tame' } };

const machine = new Machine();
afterAll(() => {
  machine.remove();
});

interface Played extends Outcome {
  readonly world: World;
}

async function play(
  verb: Verb,
  { given, world, before }: Scene,
  { all: texts, labels }: Written,
  answering: (call: Call, world: World) => Answer = (call, all) => answerOf(all, call),
): Promise<Played> {
  machine.forget();
  before?.(machine);
  const all = world(new Texts(texts, labels), machine);
  const problems: unknown[] = [];
  const outcome = await machine.run(verb, given, (call) => {
    try {
      return answering(call, all);
    } catch (error) {
      problems.push(error);
      return { code: 99, stdout: '' };
    }
  });
  expect(problems).toEqual([]);
  return { ...outcome, world: all };
}

/** One line of JSON, and, where it is an error, the one of its exit code: whatever has happened. */
function saidBy({ exitCode, stdout, isDead }: Outcome): Record<string, unknown> {
  expect(isDead).toBe(false);
  expect(stdout.endsWith('\n') && stdout.indexOf('\n') === stdout.length - 1).toBe(true);
  const told = JSON.parse(stdout) as Record<string, unknown>;
  const error = EXIT_CODES.find(({ code }) => code === exitCode)?.error;
  expect([exitCode === 0 ? undefined : error]).toEqual([told['error']]);
  expect(stdout.length).toBeLessThan(24_000);
  return told;
}

const isPage = (told: Record<string, unknown>): boolean => typeof told['nodes'] === 'string';

/** Whether facts of a service were too long to be told: it is named, and left out of what is decided. */
const hasCut = (verb: Verb, told: Record<string, unknown>): boolean =>
  (verb === 'shift' || verb === 'drain') &&
  typeof told['services'] === 'string' &&
  readServices({ services: told['services'] }, String).unreadable.length > 0;

/** What a result says of everybody, less what is somebody's own words, and less what is decided from services where some were left out. */
function sense(verb: Verb, { paused, leaving, moving, ...all }: Record<string, unknown>, isCut: boolean): unknown {
  const told = isCut ? all : { paused, leaving, moving, ...all };
  if (verb === 'inspect') {
    const page = inspectPage.parse(told);
    return [readSwarm([{ ...page, digest: undefined }], []), told['healthy'], told['digest'], told['managers']];
  }
  if (told['services'] === undefined && !isPage(told)) return lessForeign(told);
  const { nodes, services, total, ...rest } = told;
  if (isPage(told)) {
    const all = readNodes({ nodes: nodes as string });
    return [all.map(({ nodeId }) => nodeId).toSorted(), total, rest];
  }
  const read = readServices({ services: services as string }, String);
  const ids = [...read.services.map(({ serviceId }) => serviceId), ...read.unreadable.map(({ id }) => id)];
  return [ids.toSorted(), total, rest];
}

/** What a certificate and another swarm's managers say is told, in the alphabet of ids. */
function lessForeign({ foreign = '', certificate = {}, remotes = [], ...told }: Record<string, unknown>): unknown {
  const words = [foreign, ...Object.values(certificate as Record<string, unknown>), ...(remotes as unknown[])].map(
    String,
  );
  for (const word of words) expect(word).toMatch(/^[0-9A-Za-z?= .:@-]*$/);
  return told;
}

/** What is skep's to change, of each node and service. */
const ours = ({ nodes, services }: World, isCut: boolean): unknown => [
  nodes.map(({ ID, Spec: { Role, Availability, Labels } }) => [
    ID,
    Role,
    // Nothing is handed over by a service that was left out: then the node is drained at once.
    isCut && Availability === 'pause' ? 'drain' : Availability,
    Labels['tier'] === 'new',
  ]),
  services.map(({ ID, Spec: { Mode } }) => [ID, Mode]),
];
/** What is not. */
const theirs = ({ nodes, services }: World): unknown => [
  nodes.map(({ ID, Spec: { Name, Labels } }) => [ID, Name, others(Labels)]),
  services.map(({ ID, Spec: { Labels, ...rest } }) => [ID, others(Labels), { ...rest, Mode: 'ours' }]),
];
const others = (labels: Readonly<Record<string, string>>): unknown =>
  Object.entries(labels)
    .filter(([name]) => !name.startsWith('skep.') && name !== 'tier')
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

const played = new Map<Scene, Promise<Played>>();
/** What comes of it where nothing is hostile: played once. */
function tameOf(verb: Verb, scene: Scene): Promise<Played> {
  const tame = played.get(scene) ?? play(verb, scene, TAME);
  played.set(scene, tame);
  return tame;
}

const scenes = VERBS.flatMap((verb) => SCENES[verb].map((scene, number) => [verb, number + 1, scene] as const));
const calls = ({ calls: made }: Outcome): string[] => made.map(({ tool, args }) => [tool, ...args].join(' '));

describe('a document', () => {
  it('has a scene here, whichever it is', () => {
    expect(Object.keys(SCENES).toSorted()).toEqual([...VERBS].toSorted());
    expect(scenes.length).toBeGreaterThan(VERBS.length);
  });

  it.each(scenes)('does its work where nothing is hostile: %s, scene %d', async (verb, _number, scene) => {
    const outcome = await tameOf(verb, scene);
    expect(saidBy(outcome)['error']).toBe(scene.error);
    expect(outcome.calls.length).toBeGreaterThan(1);
  });

  it.each(scenes)('does the same, whatever others have written: %s, scene %d', async (verb, _number, scene) => {
    const tame = await tameOf(verb, scene);
    await fc.assert(
      fc.asyncProperty(hostile, async (written) => {
        const outcome = await play(verb, scene, written);
        const told = saidBy(outcome);
        expect([told['error'], outcome.exitCode]).toEqual([scene.error, tame.exitCode]);
        const isCut = hasCut(verb, told);
        if (scene.error === undefined) expect(sense(verb, told, isCut)).toEqual(sense(verb, saidBy(tame), isCut));
        expect(ours(outcome.world, isCut)).toEqual(ours(tame.world, isCut));
        const untouched = scene.world(new Texts(written.all, written.labels), machine);
        const left = new Set(outcome.world.nodes.map(({ ID }) => ID));
        expect(theirs(outcome.world)).toEqual(
          theirs({ ...untouched, nodes: untouched.nodes.filter(({ ID }) => left.has(ID)) }),
        );
        for (const call of calls(outcome)) expect(call).not.toContain(FORGED.node);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  it.each(scenes)('ends by name, whatever one of its calls answers: %s, scene %d', async (verb, _number, scene) => {
    const tame = await tameOf(verb, scene);
    const broken = fc.record({
      at: fc.nat(tame.calls.length - 1),
      code: fc.constantFrom(0, 0, 1, 22, 125),
      stdout: anyText,
      stderr: anyText,
    });
    await fc.assert(
      fc.asyncProperty(broken, async ({ at, ...answer }) => {
        let number = 0;
        const outcome = await play(verb, scene, TAME, (call, world) =>
          number++ === at ? answer : answerOf(world, call),
        );
        saidBy(outcome);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});

/** Characters that a parameter may have where its document does not say: more would be a hundred nodes in one command. */
const MOST = 500;

/** What the pattern of each parameter lets through, of its whole alphabet, and one of them as long as it may be. */
function valuesOf(verb: Verb): fc.Arbitrary<Record<string, string>> {
  const { parameters } = loadDocument(verb);
  const own = Object.entries(parameters).map(([name, { allowedPattern, maxChars = MOST }]) => {
    const pattern = new RegExp(allowedPattern);
    return [name, fc.stringMatching(pattern).filter((value) => value.length <= maxChars)] as const;
  });
  return fc
    .tuple(fc.record(Object.fromEntries(own)), fc.constantFrom(...Object.keys(parameters)))
    .map(([values, name]) => {
      const { allowedPattern = '', maxChars = MOST } = parameters[name] ?? {};
      const value = values[name] ?? '';
      const times = Math.max(1, Math.floor(maxChars / (value.length + 1)));
      const list = Array.from({ length: times }, () => value).join(',');
      return new RegExp(allowedPattern).test(list) ? { ...values, [name]: list } : values;
    });
}

describe('parameters of a document', () => {
  it.each(VERBS)('run nothing, whatever their patterns let through, with old agents and new ones: %s', async (verb) => {
    const [scene] = SCENES[verb];
    const known = new Set(scene === undefined ? [] : calls(await tameOf(verb, scene)).map(kindOf));
    await fc.assert(
      fc.asyncProperty(
        valuesOf(verb),
        fc.constantFrom('environment' as const, 'splicing' as const),
        fc.boolean(),
        async (values, agent, isMeant) => {
          if (scene === undefined) return;
          machine.forget();
          scene.before?.(machine);
          const world = scene.world(new Texts(TAME.all, TAME.labels), machine);
          // Else most would end where they begin: at another cluster's manager, on another instance, too late.
          const meant = isMeant
            ? {
                ...scene.given,
                ...pick(values, [
                  'offset',
                  'labels',
                  'changes',
                  'label',
                  'forget',
                  'together',
                  'addresses',
                  'managers',
                ]),
              }
            : {};
          const given = { ...values, ...pick(COMMON, ['notAfter']), ...meant };
          const outcome = await machine.run(verb, given, (call) => answerOf(world, call), agent);
          saidBy(outcome);
          for (const call of calls(outcome)) expect(known.has(kindOf(call)) || EXTRA.test(call)).toBe(true);
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});

/** What a document calls in other scenes than its first. */
const EXTRA = /^(docker (node|service|config|swarm|network|volume) |curl |openssl |docker ps )/;
const kindOf = (call: string): string => call.split(' ').slice(0, 3).join(' ');
const pick = (values: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
