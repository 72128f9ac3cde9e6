import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compileAsGo } from '../../lab/aws/services/agent-patterns.ts';
import { EXIT_CODES } from '../../src/core/exit-codes.ts';
import { CHANGES, EXCLUDED, fitting } from '../../src/core/services/shift-limits.ts';
import { loadDocument, render, scriptOf, VERBS } from '../docker/support/documents.ts';
import type { Verb } from '../docker/support/documents.ts';

/** Each script's file, by its name. */
const FILES = new Map(
  ['lib', 'verbs'].flatMap((part) => {
    const folder = new URL(`../../documents/${part}/`, import.meta.url);
    const names = readdirSync(folder).filter((name) => name.endsWith('.sh'));
    return names.map((name) => [name, new URL(name, folder)] as const);
  }),
);
const scripts = [...FILES.keys()];
const text = (name: string): string => readFileSync(FILES.get(name) ?? name, 'utf8');
/** Without comments, and with lines that go on put together. */
const code = (name: string): string =>
  text(name)
    .replaceAll(/^ *#.*$/gm, '')
    .replaceAll('\\\n', ' ');

/** A value that each parameter takes. */
const EXAMPLES: Readonly<Record<string, string>> = {
  cluster: 'prod',
  addresses: '10.0.1.7,10.0.2.7',
  notAfter: '1795000000',
  executionTimeout: '600',
  epoch: '0',
  newEpoch: '1',
  stage: 'dev',
  role: 'worker',
  instanceId: 'i-0123456789abcdef0',
  nodeId: 'da5el1vvzfzci6j9ohzl1v6cw',
  address: '10.0.1.11:2377',
  managers: '10.0.1.11:2377,10.0.2.12:2377',
  swarmId: 'wp676z7pdxbkldvrn9s1718aj',
  caDigest: '65o7d5vfmi2dmf8kykzhuqztedi0z2r9qwbwem030tanehl0p5',
  tokenKey: 'arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/0a1b2c3d-0000-4444-8888-0123456789ab',
  addressPool: '172.30.0.0/16',
  subnetSize: '24',
  dataPathPort: '4789',
  labels: 'skep.instance=i-0123456789abcdef0,skep.zone=eu-west-1a,tier=web,empty=',
  availability: 'active',
  waitUntil: '1795000000',
  depart: 'no',
  force: 'yes',
  offset: '400',
  brief: 'yes',
  volumes: 'yes',
  handOver: 'yes',
  together: 'da5el1vvzfzci6j9ohzl1v6cw@i-0123456789abcdef0',
  forget: 'da5el1vvzfzci6j9ohzl1v6cw@i-0123456789abcdef0',
  restore: 'da5el1vvzfzci6j9ohzl1v6cw@i-0123456789abcdef0@1234',
  label: 'da5el1vvzfzci6j9ohzl1v6cw@i-0123456789abcdef0',
  least: '3',
  changes: 'da5el1vvzfzci6j9ohzl1v6cw@1234@exclude@1795000000@wp676z7pdxbkldvrn9s1718aj+da5el1vvzfzci6j9ohzl1v6cw',
  tell: 'on:da5el1vvzfzci6j9ohzl1v6cw',
};

const parametersOf = (verb: Verb): string[] => Object.keys(loadDocument(verb).parameters);
const everyParameter = VERBS.flatMap((verb) => parametersOf(verb).map((name) => [verb, name] as const));
const patternOf = (verb: Verb, name: string): RegExp =>
  new RegExp(loadDocument(verb).parameters[name]?.allowedPattern ?? 'none');

describe('the documents', () => {
  it.each(VERBS)('%s is a Command document of one step, named after its verb', (verb) => {
    const document = loadDocument(verb);
    expect(document.mainSteps[0].name).toBe(verb);
    expect(Object.keys(document.parameters)).toEqual(
      expect.arrayContaining(['cluster', 'notAfter', 'executionTimeout', 'epoch']),
    );
  });

  it('have no script beside them that no document runs', () => {
    // The lines that read the parameters are put into the verb's own script.
    const own = (script: string): string => script.replaceAll(/^if \[ -z "\$\{SSM_.*\n/gm, '');
    const run = new Set(
      VERBS.map(scriptOf).flatMap((script) => scripts.filter((name) => own(script).includes(own(text(name))))),
    );
    expect([...run].sort()).toEqual([...scripts].sort());
  });

  it.each(VERBS)('%s is no larger than SSM takes (64 KB)', (verb) => {
    expect(Buffer.byteLength(JSON.stringify(loadDocument(verb)))).toBeLessThan(64_000);
  });
});

describe('parameters', () => {
  it.each(everyParameter)('%s takes an ordinary %s', (verb, name) => {
    expect(EXAMPLES[name]).toMatch(patternOf(verb, name));
  });

  it.each(everyParameter)('%s takes no %s with a character that means something to a shell', (verb, name) => {
    const pattern = patternOf(verb, name);
    const example = EXAMPLES[name] ?? '';
    // Everything but what the values are made of. `/`, `.`, `:`, `@`, `+`, `=`, `,` and `-` mean nothing within quotes.
    const meaningful = fc.constantFrom(...Array.from(' \t\n\r\0\'"`$\\;&|<>(){}[]*?!#~%^'));
    fc.assert(
      fc.property(meaningful, fc.nat(example.length), fc.string(), (character, at, rest) => {
        expect(example.slice(0, at) + character + rest + example.slice(at)).not.toMatch(pattern);
      }),
    );
  });

  it.each(everyParameter)('%s takes nothing for %s that could end a string in quotes, whatever it is', (verb, name) => {
    const pattern = patternOf(verb, name);
    fc.assert(
      fc.property(fc.oneof(fc.stringMatching(pattern), fc.string()), (value) => {
        fc.pre(pattern.test(value));
        expect(value).toMatch(/^[A-Za-z0-9._/:@+=,-]+$/);
      }),
      // fast-check's own strings hardly ever pass: those made from the pattern do the work.
      { maxSkipsPerRun: 10_000 },
    );
  });

  it.each(everyParameter)('the agent compiles the pattern of %s for %s, as Go does', (verb, name) => {
    expect(compileAsGo(patternOf(verb, name).source)).not.toBeInstanceOf(Error);
  });

  it.each(everyParameter)('the agent takes of %s the values for %s that SSM takes, and no others', (verb, name) => {
    const pattern = patternOf(verb, name);
    const asGo = compileAsGo(pattern.source);
    const preset = loadDocument(verb).parameters[name]?.default ?? EXAMPLES[name] ?? '';
    const values = fc.oneof(fc.stringMatching(pattern), fc.string(), fc.constant(`${preset}\n`), fc.constant(preset));
    fc.assert(
      fc.property(values, (value) => {
        expect(!(asGo instanceof Error) && asGo.matcher(value).find()).toBe(pattern.test(value));
      }),
    );
  });

  it('as many as one command carries pass the patterns of shift', () => {
    const id = 'da5el1vvzfzci6j9ohzl1v6cw';
    const nodes = Array<string>(EXCLUDED).fill(id);
    const serviceAt = (index: number): string => String(index).padStart(25, '0');
    const all = Array.from({ length: CHANGES }, (_, at) => `${serviceAt(at)}@1@exclude@1795000000@${nodes.join('+')}`);
    const changes = fitting(all);
    expect(changes.length).toBeGreaterThan(1);
    expect(changes.join(',')).toMatch(patternOf('shift', 'changes'));
    expect(text('shift.sh')).toContain(`\nCHANGES=${CHANGES}\n`);
    expect(text('shift.sh')).toContain(`\nNODES_LENGTH=${nodes.join('+').length}\n`);
  });

  it.each(everyParameter)('%s reads %s from the environment, or from the text where the agent is old', (verb, name) => {
    const isInEnvironment = loadDocument(verb).parameters[name]?.interpolationType === 'ENV_VAR';
    expect(isInEnvironment).toBe(name !== 'executionTimeout');
    const fallback = `if [ -z "\${SSM_${name}+x}" ]; then SSM_${name}='{{ ${name} }}'; fi`;
    expect(scriptOf(verb).includes(fallback)).toBe(isInEnvironment);
  });

  it('are spliced by an old agent, and not at all by a new one', () => {
    const values = Object.fromEntries(parametersOf('join').map((name) => [name, EXAMPLES[name] ?? '']));
    expect(render('join', values, 'splicing').script).toContain("SSM_role='worker'");
    expect(render('join', values, 'environment').script).toContain("SSM_role='{{ role }}'");
    expect(() => render('join', { ...values, role: "worker'; reboot; '" })).toThrow('InvalidParameters: join: role');
    expect(() => render('join', { ...values, other: 'x' })).toThrow('InvalidParameters: join: other');
  });
});

describe('scripts', () => {
  it.each(VERBS)('%s has no {{ }} but declared parameters: SSM would refuse the document', (verb) => {
    const names = [...scriptOf(verb).matchAll(/\{\{(.*?)\}\}/g)].map((match) => (match[1] ?? '').trim());
    expect(parametersOf(verb)).toEqual(expect.arrayContaining(names));
    expect(scriptOf(verb).replaceAll(/\{\{ [A-Za-z]+ \}\}/g, '')).not.toContain('{{');
  });

  it.each(scripts)('%s has no ${name:...}: the deploy tool would take it for a variable of its own', (name) => {
    expect(text(name)).not.toMatch(/\$\{[A-Za-z_0-9-]+(\([^)]*\))?:/);
  });

  it.each(scripts)('%s has no $$: the agent makes one $ of it', (name) => {
    expect(text(name)).not.toContain('$$');
  });

  it.each(scripts)(
    '%s ends with no exit code that the table does not have, and names each as the table does',
    (name) => {
      const table = new Map(EXIT_CODES.map((row) => [row.code, row.error]));
      const failures = [...code(name).matchAll(/\bfail (\S+) (\S+)/g)];
      for (const [, number, error] of failures) expect(error).toBe(table.get(Number(number)));
      // The two in common.sh: success, and the code that `fail` was given.
      const exits = [...code(name).matchAll(/\bexit (\S+)/g)].map((match) => match[1]);
      // Those in json.sh are of its program, in awk.
      expect(exits).toEqual(name === 'common.sh' ? ['0', '"$1"'] : name === 'json.sh' ? ['1', '1'] : []);
    },
  );

  it('use every code of the table', () => {
    const used = scripts.flatMap((name) => [...code(name).matchAll(/\bfail (\d+) /g)].map((match) => Number(match[1])));
    expect([...new Set(used)].sort()).toEqual(EXIT_CODES.map((row) => row.code).sort());
  });

  it.each(scripts)('%s runs docker nowhere without a timeout', (name) => {
    for (const line of code(name).split('\n')) {
      if (
        /(^|[ (|])docker [a-z"$]/.test(line) &&
        !/command -v docker|(fail|echo|docker_failed) .*'?"?docker /.test(line)
      ) {
        expect(line).toMatch(/timeout --foreground -k 2 ("\$dk_seconds"|"\$\(within \d+\)") docker /);
      }
      if (/\bcurl -q/.test(line)) expect(line).toMatch(/--max-time/);
    }
  });

  it.each(scripts)('%s lets no call last longer than the script, and none go on without it', (name) => {
    // What `within` cuts to the time that is left, or a try of which the whole series is cut.
    const cut = /^("\$\(within \d+\)"|"\$(dk|api|lock)_seconds")$/;
    for (const line of code(name).split('\n')) {
      const times = [...line.matchAll(/(?:--max-time|--retry-max-time|flock "\$1" -w) ("[^"]*"|\S+)/g)].map(
        ([, time = '']) => time,
      );
      if (/--retry /.test(line)) expect(times.shift()).toBe('2');
      expect(times.filter((time) => !cut.test(time))).toEqual([]);
      for (const [, options = '', command = ''] of line.matchAll(
        /\btimeout ((?:-\S+ (?:2 )?)*)(\S+ [^ ]+\)"|\S+)(?= [a-z])/g,
      )) {
        if (/command -v|need_tools/.test(line)) continue;
        expect(options).toBe('--foreground -k 2 ');
        expect(command).toMatch(cut);
      }
      // The lock is held by whatever the script has called, until that ends.
      expect(line).not.toMatch(/9>&-/);
    }
  });

  it.each(scripts)('%s has no eval, and puts no data into a program of sed or awk', (name) => {
    expect(code(name)).not.toMatch(/(^|[;&|(\s])eval\s/m);
    for (const [, program = ''] of code(name).matchAll(
      /\b(?:sed|awk)((?: +-[A-Za-z]+| +-v [a-z_]+="[^"]*"| +-F '[^']*'| +'[^']*'| +"[^"]*")+)/g,
    )) {
      const spliced = program
        .replaceAll(/ +-v [a-z_]+="[^"]*"/g, '')
        .replaceAll(/'[^']*'/g, '')
        .replaceAll(/"\$(cut_line|is_plain)"/g, '')
        .replaceAll(/"![^"]*\(\$is_plain\)"|"NF && !\(\$is_plain\)"/g, '')
        // The name of a file comes after the program.
        .replaceAll(/ "\$(WORK\/[a-z]+|[12]|3)"/g, '')
        // Braces of Docker's templates are built from parts.
        .replaceAll(/"s\/<<\/\$O\/g; s\/>>\/\$C\/g"/g, '');
      expect(`${name}: ${spliced}`).not.toMatch(/\$/);
    }
  });

  it.each(scripts)('%s does arithmetic with what is known to be a number only', (name) => {
    // Counters of the scripts themselves, parameters that the documents' patterns have checked, and what `is_small` or `is_mark` has.
    const known = new Set([
      ...[
        'SSM_offset',
        'offset',
        'PAGE',
        'SIZE',
        'ROOM',
        'DEADLINE',
        'LAST_CALL',
        'number',
        'EXECUTION_TIMEOUT',
        'replicas',
        'pack_size',
        'conflicts',
        'present_tries',
        'patience',
        'members_left',
        'tries',
        'rounds',
        'RESTORED',
        'REMOVED',
        'LABELLED',
        'label_tries',
        'pause_tries',
      ],
    ]);
    for (const [, inside = ''] of code(name).matchAll(/\$\(\(([^()]*(?:\([^()]*\)[^()]*)*)\)\)/g)) {
      const names = inside.replaceAll(/\$\([^)]*\)|\$\{#[a-z_]+\}|\$[12]/g, '').match(/[A-Za-z_]\w*/g) ?? [];
      expect({ name, unknown: names.filter((one) => !known.has(one)) }).toEqual({ name, unknown: [] });
    }
  });

  it.each(scripts)('%s gives no secret to a command as an argument, where everybody could read it', (name) => {
    const secrets = /\$(?:\{)?(join_token|worker_token|tokens|KEY_SECRET|SESSION|METADATA_TOKEN|ANSWER|body)\b/;
    // printf and test are built into the shell; api and parameters pass their text on through stdin.
    const builtIn = /\b(printf|case|api|parameters|publish|json_text)\b|\[ (-z|")|^\s*[A-Za-z_]+=|finish/;
    for (const line of code(name).split('\n')) if (secrets.test(line)) expect(line).toMatch(builtIn);
  });
});

describe('a page of inspect', () => {
  it('fits into what SSM returns, packed, when it is full', () => {
    const size = Number(/^PAGE=(\d+)$/m.exec(text('inspect.sh'))?.[1]);
    const hexadecimal = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
    const line = fc
      .tuple(
        fc.stringMatching(/^[0-9a-z]{25}$/),
        hexadecimal(17),
        fc.integer({ min: 1e6, max: 9e6 }),
        fc.integer({ max: 9e4, min: 1e4 }),
      )
      .map(
        ([node, instance, version, age]) => `${node} worker down drain i-${instance} - - leaving ${version} ${age}\n`,
      );
    const page = fc.array(line, { minLength: size, maxLength: size });
    fc.assert(
      fc.property(page, (lines) => {
        expect(gzipSync(lines.join(''), { level: 9 }).toString('base64').length).toBeLessThan(22_000);
      }),
      { numRuns: 5 },
    );
  });

  it('leaves room for the rest of it', () => {
    const named = Number(/^GHOSTS=(\d+)$/m.exec(text('inspect.sh'))?.[1]);
    const digest = 'f'.repeat(64);
    const rest = {
      swarmId: 'x'.repeat(25),
      total: 9999,
      offset: 0,
      nodes: '',
      healthy: 9999,
      digest,
      next: 400,
      tokens: { worker: digest, manager: digest },
      ghosts: { count: 99_999, tasks: Array<string>(named).fill(`${'x'.repeat(25)}@${'x'.repeat(25)}`) },
      managers: Array<string>(9).fill(`${'x'.repeat(25)} i-${'0'.repeat(17)} unreachable 255.255.255.255:2377`),
    };
    expect(named).toBeGreaterThan(0);
    expect(JSON.stringify(rest).length).toBeLessThan(24_000 - 22_000);
  });
});
