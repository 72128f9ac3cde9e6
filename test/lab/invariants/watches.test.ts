// What the rules watch while a run goes on, told by hand: what skep never does cannot be brought about by a scenario.
import { describe, expect, it } from '@jest/globals';

import type { CommandRecord } from '../../../lab/aws/services/invocation.ts';
import type { Execution } from '../../../lab/aws/states/execution.ts';
import type { HistoryEvent } from '../../../lab/aws/states/history.ts';
import { doneTooLate } from '../../../lab/invariants/late-commands.ts';
import { LockWatch } from '../../../lab/invariants/lock-watch.ts';
import { takenOver } from '../../../lab/invariants/one-at-work.ts';
import { OwnersWord } from '../../../lab/invariants/owners-word.ts';
import { Tries } from '../../../lab/invariants/tries.ts';
import type { SwarmTruth } from '../../../lab/nodes/machines.ts';

const entered = (state: string): HistoryEvent => ({ id: 1, at: 0, type: 'TaskStateEntered', state, details: {} });

function execution(name: string, states: readonly string[], input: object = {}): Execution {
  const event = { detail: { EC2InstanceId: 'i-1', LifecycleActionToken: 'token' } };
  // Of an execution no more is looked at.
  return { name, startDate: 0, input: { ...event, ...input }, history: states.map(entered) } as unknown as Execution;
}

describe('one-at-work', () => {
  const superseded: HistoryEvent = { id: 9, at: 0, type: 'TaskFailed', details: { error: 'Superseded' } };
  const first = execution('first', ['Claim', 'Drain']);

  it('is broken where another execution of the same event works on it', () => {
    const second = execution('second', ['Claim', 'Route', 'Drain']);

    expect(takenOver(first, superseded, [first, second])).toMatch(/second has taken it/);
  });

  it.each([
    ['has nothing to do', execution('second', ['Claim', 'Route', 'Ignored'])],
    ['replaces one that has ended', execution('second', ['Claim', 'Drain'], { skep: { replaces: ['arn'] } })],
    ['is of another event', execution('second', ['Claim', 'Drain'], { detail: { LifecycleActionToken: 'other' } })],
  ])('holds where the other one %s', (_, second) => {
    expect(takenOver(first, superseded, [first, second])).toBeUndefined();
  });
});

describe('tried-to-the-end', () => {
  const send = { service: 'ssm', operation: 'SendCommand', input: { Comment: 'skepN demo i-1 owner Drain 1' } };
  const forced = (sentAt: number, states: readonly string[] = [], commands: readonly CommandRecord[] = []): unknown => {
    const tries = new Tries();
    tries.onExchange(send, sentAt);
    return tries.onForced(execution('one', states), commands, 1_740_000);
  };

  it('is broken where the last command was sent long before the end', () => {
    expect(forced(20_000)).toBe('i-1 is ended by force, and for 1720 s nothing was tried');
  });

  it('holds where one was sent a while ago, or is under way, or a person held the cluster', () => {
    expect(forced(1_000_000)).toBeUndefined();
    expect(forced(20_000, ['Held'])).toBeUndefined();
    expect(forced(20_000, [], [command({ endedAt: undefined })])).toBeUndefined();
  });
});

const command = (changed: Partial<CommandRecord>): CommandRecord => ({
  ...{ verb: 'drain', instanceId: 'i-2', comment: 'skepN demo i-1 owner Drain 1', parameters: { notAfter: ['600'] } },
  ...{ requestedAt: 0, acceptedAt: 1, startedAt: 1, endedAt: 2, didItsWork: true, ...changed },
});

describe('late-does-nothing', () => {
  it('is broken by a script that began when no clock that is allowed could still say that it may', () => {
    expect(doneTooLate([command({ startedAt: 901_000 })])).toEqual([
      'drain began on i-2 301 s after it might, and did its work',
    ]);
    expect(doneTooLate([command({ startedAt: 899_000 })])).toEqual([]);
    expect(doneTooLate([command({ startedAt: 901_000, didItsWork: false })])).toEqual([]);
  });
});

describe('waits-without-lock', () => {
  const lock = { pk: { S: 'CLUSTER#demo' }, sk: { S: 'LOCK#membership' } };
  const values = { ':instance': { S: 'i-1' }, ':now': { N: '0' }, ':until': { N: '120' } };
  const takes = {
    service: 'dynamodb',
    operation: 'UpdateItem',
    input: { Key: lock, ExpressionAttributeValues: values },
  };
  const frees = { service: 'dynamodb', operation: 'DeleteItem', input: { Key: lock } };
  const demotes = { service: 'ssm', operation: 'SendCommand', input: { Comment: 'skepN demo i-1 owner Demote 1' } };
  const waits = {
    ...{ service: 'dynamodb', operation: 'PutItem' },
    input: { Item: { pk: { S: 'CLUSTER#demo' }, sk: { S: 'WAIT#manager#owner' } } },
  };
  const hand = { Put: { Item: { ...lock, instance: { S: 'i-2' }, leaseUntil: { N: '120' } } } };
  const handsOver = { service: 'dynamodb', operation: 'TransactWriteItems', input: { TransactItems: [hand] } };
  const after = (now: number, ...before: Parameters<LockWatch['onExchange']>[0][]): unknown => {
    const watch = new LockWatch('demo');
    for (const one of before) watch.onExchange(one, 0);
    return watch.onExchange(waits, now);
  };

  it('is broken where the one that begins to wait still has it', () => {
    expect(after(10, takes, demotes)).toBe('i-1 waits for other managers, and holds the lock that they need');
  });

  it('holds where it was freed, handed over, is over, or was another execution’s', () => {
    expect(after(10, takes, demotes, frees)).toBeUndefined();
    expect(after(10, takes, demotes, handsOver)).toBeUndefined();
    expect(after(121, takes, demotes)).toBeUndefined();
    expect(after(10, takes)).toBeUndefined();
  });

  it('holds where the answer to a write was lost: nobody knows who has it', () => {
    expect(after(10, takes, demotes, { ...frees, error: new Error('503') })).toBeUndefined();
  });
});

describe('services-as-said', () => {
  const swarm = (changed: object = {}): SwarmTruth => {
    const placement = { constraints: ['node.role==worker'] };
    const spec = { labels: {}, replicas: 2, task: { placement }, update: { failureAction: 'pause' }, ...changed };
    const service = { name: 'web', replicas: 2, constraints: [], text: () => JSON.stringify(spec) };
    return { swarmId: 's', isLed: true, nodes: [], services: [service] };
  };
  const problems = (changed: object, before: object = {}): string[] => {
    const word = new OwnersWord();
    word.said(swarm(before));
    return word.problems(swarm(changed));
  };

  it('is broken where a service has one task more, or another spec', () => {
    expect(problems({ replicas: 3 })).toEqual([expect.stringContaining('"replicas":3')]);
    expect(problems({ task: { placement: { constraints: [] } } })).toHaveLength(1);
  });

  it('holds in the midst of a hand-over, and for what the engine may have taken back by itself', () => {
    expect(problems({ replicas: 3, labels: { 'skep.shift': 'more@1700000000@2' } })).toEqual([]);
    const constraints = ['node.id!=abc', 'node.role==worker'];
    expect(problems({ task: { placement: { constraints } }, labels: { 'skep.shift': 'exclude@1@abc' } })).toEqual([]);
    expect(problems({ replicas: 3, update: { failureAction: 'rollback' } })).toEqual([]);
  });
});
