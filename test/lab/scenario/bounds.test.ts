// What a burst waited for: the parts of the last instance's time are all of it, and each has the right name.
import { describe, expect, it } from '@jest/globals';

import type { Lab } from '../../../lab/lab.ts';
import { InstanceTimes } from '../../../lab/instance-times.ts';
import type { Move } from '../../../lab/instance-times.ts';
import { boundsOf, boundsText, lastOf } from '../../../lab/scenario/bounds.ts';
import type { Lifecycle } from '../../../lab/aws/services/group.ts';
import type { CommandRecord } from '../../../lab/aws/services/invocation.ts';

const OWN = 'i-own';
const MANAGER = 'i-manager';

const launch: Move = {
  instance: OWN,
  group: 'workers',
  from: 1000,
  hookAt: 11_000,
  to: 60_000,
  lifecycle: 'InService',
};

const command = (
  verb: string,
  instanceId: string,
  times: readonly [number, number | undefined, number],
): CommandRecord => {
  const [requestedAt, startedAt, endedAt] = times;
  return {
    verb,
    instanceId,
    comment: '',
    parameters: { instanceId: [OWN] },
    requestedAt,
    acceptedAt: startedAt,
    startedAt,
    endedAt,
  };
};

type Seen = Partial<Pick<Lab['runCommand'], 'commands' | 'throttled'>> & { readonly registeredAt?: number };

const lab = ({ commands = [], throttled = [], registeredAt = 11_000 }: Seen): Pick<Lab, 'runCommand'> =>
  ({ runCommand: { commands, throttled, agents: new Map([[OWN, { registeredAt }]]) } }) as unknown as Lab;

const parts = (seen: Seen, move = launch): Record<string, number> =>
  Object.fromEntries(
    boundsOf(lab(seen), move).map(({ what, instance, seconds }) => [`${what} ${instance ?? ''}`.trim(), seconds]),
  );

const REST = 'events, pauses between tries, waits for others';

describe('the bounds of a launch', () => {
  it('are all of its time, the longest first', () => {
    const seen: Seen = {
      registeredAt: 15_000,
      commands: [command('join', OWN, [16_000, 16_500, 18_000]), command('confirm', MANAGER, [19_000, 58_000, 59_000])],
    };

    expect(boundsOf(lab(seen), launch)).toEqual([
      { what: 'commands wait for the agent', instance: MANAGER, seconds: 39 },
      { what: 'the instance starts', instance: OWN, seconds: 10 },
      { what: 'its agent registers', instance: OWN, seconds: 4 },
      { what: REST, instance: null, seconds: 3 },
      { what: 'join runs', instance: OWN, seconds: 1.5 },
      { what: 'confirm runs', instance: MANAGER, seconds: 1 },
      { what: 'commands wait for the agent', instance: OWN, seconds: 0.5 },
    ]);
  });

  it('know a throttled SendCommand from its first refusal until it went through', () => {
    const throttled = [20_000, 24_000].map((at) => ({ verb: 'join', subject: OWN, at }));
    const seen: Seen = { throttled, commands: [command('join', OWN, [30_000, 30_000, 31_000])] };

    expect(parts(seen)).toMatchObject({ 'SendCommand is throttled': 10, [`join runs ${OWN}`]: 1 });
  });

  it('leave out what was before it, and what was about others', () => {
    const old = command('leave', OWN, [0, 0, 900]);
    const other = { ...command('confirm', MANAGER, [20_000, 30_000, 40_000]), parameters: { instanceId: ['i-other'] } };

    expect(parts({ commands: [old, other] })).toEqual({ [`the instance starts ${OWN}`]: 10, [REST]: 49 });
  });

  it('count a command that never ran as waiting', () => {
    const seen: Seen = { commands: [command('join', OWN, [20_000, undefined, 50_000])] };

    expect(parts(seen)).toMatchObject({ [`commands wait for the agent ${OWN}`]: 30 });
  });
});

it('a termination has no start of an instance', () => {
  const move: Move = { ...launch, hookAt: 1000, lifecycle: 'Terminated' };

  expect(parts({ registeredAt: 500 }, move)).toEqual({ [REST]: 59 });
});

it('nothing moved, nothing bounded it', () => {
  expect([boundsOf(lab({}), undefined), lastOf(undefined)]).toEqual([[], null]);
  expect(boundsText({ last: null, bounds: [], agents: {}, throttled: {} })).toEqual([]);
});

it('people read one line, and one for each limit that was hit', () => {
  const bounds = boundsOf(lab({ commands: [command('confirm', MANAGER, [11_000, 58_000, 60_000])] }), launch);
  const idle = { running: 5, buffered: 3, refused: 0, longestWait: 1 };
  const agents = { 'i-idle': idle, [MANAGER]: { ...idle, refused: 4, longestWait: 47 } };

  expect(boundsText({ last: lastOf(launch), bounds, agents, throttled: { sendCommand: 7, getParameter: 0 } })).toEqual([
    'the last, i-own of workers, was InService after 59.0 s: 47.0 s commands wait for the agent (i-manager), ' +
      '10.0 s the instance starts, 2.0 s confirm runs (i-manager)',
    'the agent of i-manager was full, for up to 47.0 s',
    'sendCommand was throttled 7 times',
  ]);
});

describe('the move that was last', () => {
  const moves = (...notes: [string, Lifecycle, number][]): InstanceTimes => {
    const noted = new InstanceTimes();
    for (const [instanceId, lifecycle, now] of notes) {
      noted.note({ name: 'workers' }, { instanceId, lifecycle }, now);
    }
    return noted;
  };

  it('is the one that ended last, of two the one that took longer', () => {
    const seen = moves(
      ['a', 'Pending', 0],
      ['b', 'Pending', 5],
      ['c', 'Pending', 1],
      ['a', 'InService', 10],
      ['b', 'InService', 20],
      ['c', 'InService', 20],
    );

    expect(seen.last(0)).toMatchObject({ instance: 'c', from: 1, to: 20, lifecycle: 'InService' });
  });

  it('is not one that began before', () => {
    const seen = moves(['a', 'Pending', 0], ['b', 'Pending', 5], ['b', 'InService', 6], ['a', 'InService', 10]);

    expect([seen.last(1)?.instance, seen.last(6)]).toEqual(['b', undefined]);
  });

  it('is a termination that overtook a launch, from its own beginning', () => {
    const seen = moves(
      ['a', 'Pending', 0],
      ['a', 'Pending:Wait', 3],
      ['a', 'Terminating:Wait', 7],
      ['a', 'Terminated', 9],
    );

    expect(seen.last(0)).toEqual({
      instance: 'a',
      group: 'workers',
      from: 7,
      hookAt: 7,
      to: 9,
      lifecycle: 'Terminated',
    });
  });
});
