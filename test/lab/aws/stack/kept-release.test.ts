// The release that is kept for the scenarios of updates: what is written can be read back, it is another one than the present, and small.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { BadRelease, readKeptRelease, writeKeptRelease } from '../../../../lab/aws/stack/kept-release.ts';
import type { Stack } from '../../../../lab/aws/stack/stack.ts';
import { DEPLOYED, deployPartOf } from '../../../../lab/deployment.ts';
import { releaseOf, stackOf } from '../../../../lab/scenario/parts.ts';

const FOLDER = 'test/fixtures/release';
const scratch = mkdtempSync(path.join(tmpdir(), 'skep-kept-release-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** What a lab was told to deploy. */
function recorder(present: Stack, release: Stack | undefined): { readonly lab: never; readonly seen: Stack } {
  const seen: Record<string, unknown> = {};
  const noting = (key: string) => ({
    deploy: (given: unknown): void => {
      seen[key] = given;
    },
  });
  const lab = {
    ...{ stack: present, release, bus: {}, parameterStore: {} },
    lambda: noting('functions'),
    states: noting('stateMachines'),
    runCommand: noting('documents'),
    iam: {
      deploy: ([given]: readonly Stack[]): void => {
        seen['roles'] = given?.roles;
      },
    },
  };
  return { lab: lab as never, seen: seen as unknown as Stack };
}

describe('the kept release', () => {
  let present: Stack;
  let release: Stack;
  beforeAll(async () => {
    present = await stackOf('dev');
    release = releaseOf(FOLDER, 'dev');
  }, 120_000);

  it('is a whole stack, and other code, definitions, documents and rights than the present', () => {
    for (const key of ['functions', 'stateMachines', 'documents', 'roles'] as const) {
      expect([key, release[key].length]).toEqual([key, expect.any(Number)]);
      expect(release[key].length).toBeGreaterThan(5);
      const own = new Map(present[key].map((one) => [one.name, one] as const));
      const others = release[key].filter((one) => {
        const now = own.get(one.name);
        return now !== undefined && contentOf(now) !== contentOf(one);
      });
      expect([key, others.length > 0]).toEqual([key, true]);
    }
  });

  it('takes less than 1.5 MB', () => {
    const sizes = readdirSync(FOLDER).map((name) => statSync(path.join(FOLDER, name)).size);

    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_500_000);
  });

  it('is what is deployed where a scenario begins with it, and what only the present has stays', () => {
    const { lab, seen } = recorder(
      { ...present, functions: [...present.functions, { ...anyOf(present), name: 'new' }] },
      release,
    );
    for (const part of DEPLOYED) deployPartOf(lab, release, part);

    expect(seen.functions.map(({ name }) => name)).toEqual([...release.functions.map(({ name }) => name), 'new']);
    expect(seen.functions.slice(0, -1).map(({ code }) => code)).toEqual(release.functions.map(({ code }) => code));
    expect(seen.stateMachines).toEqual(release.stateMachines);
    expect(seen.roles).toEqual(release.roles);
  });

  it('is replaced part by part, and what only it has stays', () => {
    const { lab, seen } = recorder(present, {
      ...release,
      functions: [...release.functions, { ...anyOf(release), name: 'old' }],
    });
    deployPartOf(lab, present, 'functions');

    expect(seen.functions.map(({ name }) => name)).toEqual([...present.functions.map(({ name }) => name), 'old']);
    expect(seen.stateMachines).toBeUndefined();
  });

  it('is of one stage', () => {
    expect(() => releaseOf(FOLDER, 'prod')).toThrow(BadRelease);
  });
});

const anyOf = ({ functions: [one] }: Stack): Stack['functions'][number] => one as Stack['functions'][number];

/** Of a function its bundle, since the path says nothing. */
const contentOf = (one: object): string =>
  'code' in one ? readFileSync(String(one.code), 'utf8') : JSON.stringify(one);

describe('a release that is written', () => {
  const template = {
    Resources: {
      ScaleOut: { Type: 'AWS::StepFunctions::StateMachine', Properties: { DefinitionString: '{"StartAt":"A\\n"}' } },
      Join: { Type: 'AWS::SSM::Document', Properties: { Content: { run: ['set -e\necho "$1"\n', 'one line'] } } },
      Claim: { Type: 'AWS::Lambda::Function', Properties: { Handler: 'functions/claim.handler' } },
      Odd: { Type: 'AWS::Events::Rule', Properties: { Input: '{ "spaced": 1 }', Empty: null } },
    },
  };
  const about = { version: '0.1.0', revision: '0'.repeat(40), stage: 'dev' };

  it('is read back as it was, with definitions and scripts that a person can read', () => {
    mkdirSync(path.join(scratch, 'functions'));
    writeFileSync(path.join(scratch, 'packaged.json'), JSON.stringify(template));
    writeFileSync(path.join(scratch, 'functions', 'claim.js'), 'exports.handler = 1;');
    const folder = path.join(scratch, 'release');
    writeKeptRelease(
      folder,
      { stage: 'dev', hash: 'x', template: path.join(scratch, 'packaged.json'), code: scratch },
      about,
    );
    const read = readKeptRelease(folder);

    expect(JSON.parse(readFileSync(read.template, 'utf8'))).toEqual(template);
    expect(readFileSync(path.join(read.code, 'functions', 'claim.js'), 'utf8')).toBe('exports.handler = 1;');
    expect(readFileSync(path.join(folder, 'template.json'), 'utf8')).toMatch(/^ +"set -e",$/m);
    rmSync(path.dirname(read.template), { recursive: true });
  });

  it('is refused by name where it is none', () => {
    expect(() => readKeptRelease(path.join(scratch, 'nothing'))).toThrow('nothing has no template.json');
  });
});
