import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { BadScenario, parseScenario, readScenario } from '../../../lab/scenario/read.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skep-scenario-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(BadScenario);
    return error instanceof Error ? error.message : '';
  }
  return 'nothing is wrong';
}

const say = (text: string): string => messageOf(() => parseScenario(text, 'my.yaml'));
const WORKERS = 'name: x\ngroups:\n  workers: { role: worker }\nsteps:\n';

describe('a scenario that is wrong is told by file, line and key', () => {
  it.each([
    [
      'an unknown key',
      'name: x\ngroups:\n  workers:\n    role: worker\n    desird: 2\nsteps: []\n',
      'my.yaml:5: groups.workers.desird: unknown key',
    ],
    [
      'a group that is not there',
      `${WORKERS}  - scale: { group: wrokers, to: 3 }\n`,
      'my.yaml:5: steps.0.scale.group: unknown group wrokers',
    ],
    [
      'the image of a group that is not there',
      'name: x\ngroups:\n  workers:\n    role: worker\n    image: { swarmFolderOf: wrokers }\nsteps: []\n',
      'my.yaml:5: groups.workers.image.swarmFolderOf: unknown group wrokers',
    ],
    [
      'load on a service that serves no HTTP',
      `${WORKERS}  - service: { name: web }\n  - load: { service: web, group: workers }\n`,
      'my.yaml:6: steps.1.load.service: no service web with http: true',
    ],
    [
      'requests to a service that nobody asks',
      `${WORKERS}  - service: { name: web, http: true }\n  - expect:\n      - requests: { service: web, failed: 0 }\n`,
      'my.yaml:7: steps.1.expect.0.requests.service: nobody asks service web',
    ],
    [
      'a limit per node of a service that is on every node',
      `${WORKERS}  - service: { name: web, mode: global, maxReplicas: 2 }\n`,
      'my.yaml:5: steps.0.service.maxReplicas: only a replicated service has that',
    ],
    [
      'a number that is none',
      `${WORKERS}  - scale:\n      group: workers\n      to: many\n`,
      'my.yaml:7: steps.0.scale.to: Invalid input: expected number, received string',
    ],
    [
      'a number that is too big',
      `${WORKERS}  - scale: { group: workers, to: 5001 }\n`,
      'my.yaml:5: steps.0.scale.to: Too big: expected number to be <=5000',
    ],
    [
      'a duration of another form',
      `${WORKERS}  - settle: 5m\n  - advance: 5 minutes\n`,
      'my.yaml:6: steps.1.advance: a duration is written like 45s, 10m or 1h30m',
    ],
    [
      'a step that does not exist',
      `${WORKERS}  - frobnicate: {}\n`,
      'my.yaml:5: steps.0: frobnicate: not something that the lab knows here',
    ],
    [
      'a misspelt expectation',
      `${WORKERS}  - expect:\n      - nodes: { cuont: 3 }\n`,
      'my.yaml:6: steps.0.expect.0.nodes.cuont: unknown key',
    ],
    [
      'a role that does not exist',
      'name: x\ngroups:\n  w: { role: leader }\nsteps: []\n',
      'my.yaml:3: groups.w.role: Invalid option: expected one of "worker"|"manager"',
    ],
    [
      'a loop over something else',
      `${WORKERS}  - each:\n      state: every state\n      do: [{ stop: { machine: tidy, state: $state } }]\n`,
      'my.yaml:6: steps.0.each.state: a list of states, or: every state of scale-out, say',
    ],
    [
      'a loop over nothing',
      `${WORKERS}  - each:\n      call: []\n      do: [{ fault: { call: $call, effect: fail } }]\n`,
      'my.yaml:6: steps.0.each.call: Too small: expected array to have >=1 items',
    ],
    [
      'a mistake in a loop',
      `${WORKERS}  - each:\n      call: every call so far\n      do:\n        - fault: { call: $call, effect: fail, tims: 2 }\n`,
      'my.yaml:8: steps.0.each.do.0.fault.tims: unknown key',
    ],
    [
      'a group in a loop that is not there',
      `${WORKERS}  - each:\n      state: [Join]\n      do:\n        - stop: { machine: tidy, state: $state }\n        - kill: { group: wrokers }\n`,
      'my.yaml:9: steps.0.each.do.1.kill.group: unknown group wrokers',
    ],
    [
      'a loop in which each turn is the same',
      `${WORKERS}  - each:\n      state: [Join]\n      do:\n        - tidy: {}\n`,
      'my.yaml:8: steps.0.each.do: nothing here says $state',
    ],
    [
      'what only a loop fills in',
      `${WORKERS}  - stop: { machine: tidy, state: $state }\n`,
      'my.yaml:5: steps.0.stop.state: $state means nothing here',
    ],
    [
      'a conflict where there can be none',
      `${WORKERS}  - fault: { call: ssm.SendCommand, effect: conflict }\n`,
      'my.yaml:5: steps.0.fault.effect: only writes of DynamoDB conflict',
    ],
    ['a list', '- a\n', 'my.yaml:1: Invalid input: expected object, received array'],
    ['nothing', '', 'my.yaml:1: Invalid input: expected object, received null'],
  ])('%s', (_what, text, message) => {
    expect(say(text)).toBe(message);
  });

  it('all of it at once', () => {
    const text = 'name: x\nseed: -1\ngroups:\n  w: { role: leader }\nsteps:\n  - settle: soon\n';

    expect(say(text).split('\n')).toEqual([
      'my.yaml:2: seed: Too small: expected number to be >=0',
      'my.yaml:4: groups.w.role: Invalid option: expected one of "worker"|"manager"',
      'my.yaml:6: steps.0.settle: a duration is written like 45s, 10m or 1h30m',
    ]);
  });

  it('no YAML: with its line', () => {
    expect(say('name: x\ngroups: { workers: [\nsteps: 1\n')).toMatch(/^my\.yaml:3: \S.*$/);
  });

  it('the same key twice: the second would win silently', () => {
    expect(say('name: x\nname: y\ngroups: {}\nsteps: []\n')).toMatch(/^my\.yaml:2: Map keys must be unique/);
  });

  it('a file that is not there, or is a folder', () => {
    const missing = path.join(folder, 'missing.yaml');

    expect(messageOf(() => readScenario(missing))).toBe(`${missing}: cannot be read (ENOENT)`);
    expect(messageOf(() => readScenario(folder))).toBe(`${folder}: cannot be read (EISDIR)`);
  });
});

describe('a scenario that is right', () => {
  it('gets its defaults, and durations in milliseconds', () => {
    const file = path.join(folder, 'good.yaml');
    writeFileSync(file, `${WORKERS}  - settle: 1h2m3s\n`);

    expect(readScenario(file)).toMatchObject({
      seed: 1,
      stage: 'dev',
      cluster: 'demo',
      declared: true,
      groups: {
        workers: {
          desired: 0,
          agentAfter: 0,
          launchHook: { timeout: 1800 },
          zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
        },
      },
      steps: [{ settle: 3_723_000 }],
      expect: [],
    });
  });
});
