import { describe, expect, it } from '@jest/globals';

import { Clock } from '../../../../lab/time/clock.ts';
import { EventBus } from '../../../../lab/aws/events/bus.ts';
import { parsePattern } from '../../../../lab/aws/events/pattern.ts';
import { seededRandom } from '../../../../lab/time/random.ts';
import type { StackRule, StackTarget } from '../../../../lab/aws/stack/stack.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

const target = (id: string, input?: string): StackTarget => ({
  id,
  arn: `arn:${id}`,
  roleArn: undefined,
  input,
  deadLetterArn: undefined,
  retry: { maximumEventAgeSeconds: 86_400, maximumRetryAttempts: 185 },
});
const rule = (name: string, changes: Partial<StackRule>): StackRule => ({
  logicalId: name,
  name,
  arn: `arn:${name}`,
  pattern: undefined,
  schedule: undefined,
  targets: [target(name)],
  ...changes,
});

interface Delivery {
  readonly at: number;
  readonly to: string;
  readonly event: unknown;
}

/** Targets are functions, but for those whose id says that they are a machine. */
function busOf(rules: StackRule[], fail: (delivery: Delivery) => Error | undefined = () => undefined) {
  const clock = new Clock({ virtual: true, start: START });
  const delivered: Delivery[] = [];
  const bus = new EventBus({
    clock,
    random: seededRandom(1),
    rules,
    region: 'eu-west-1',
    account: '123456789012',
    latency: 500,
    asynchronous: ({ id }) =>
      id.endsWith('-machine') ? undefined : { maximumEventAgeSeconds: 3600, maximumRetryAttempts: 2 },
    mayDeliver: () => true,
    mayBury: () => true,
    deliver: ({ id }, event) => {
      const delivery = { at: (clock.now() - START) / 1000, to: id, event };
      delivered.push(delivery);
      const error = fail(delivery);
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    },
  });
  return { clock, bus, delivered, times: () => delivered.map(({ to, at }) => `${to} ${at}`) };
}

const EVENT = { source: 'aws.ssm', 'detail-type': 'T', resources: [], detail: { status: 'Success' } };
const successes = rule('successes', { pattern: { source: ['aws.ssm'], detail: { status: ['Success'] } } });
const MINUTE = 60_000;

describe('the event bus', () => {
  it('hands an event to every target of every rule that matches, in the envelope of EventBridge', async () => {
    const { clock, bus, delivered } = busOf([
      rule('both', { pattern: { source: ['aws.ssm'] }, targets: [target('a'), target('b', '{"fixed":true}')] }),
      successes,
      rule('failures', { pattern: { detail: { status: ['Failed'] } } }),
    ]);
    bus.put(EVENT);
    await clock.advance(MINUTE);

    expect(delivered.map(({ to }) => to)).toEqual(['a', 'b', 'successes']);
    expect(delivered[0]).toEqual({
      at: 0.5,
      to: 'a',
      event: {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        account: '123456789012',
        region: 'eu-west-1',
        time: '2026-01-01T00:00:00.000Z',
        ...EVENT,
      },
    });
    expect(delivered[1]?.event).toEqual({ fixed: true });
    expect(delivered[2]?.event).toEqual(delivered[0]?.event);
  });

  it('tries a target that fails twice more, then keeps the event as a dead letter', async () => {
    const { clock, bus, times } = busOf([successes], () => new TypeError('no'));
    bus.put(EVENT);
    await clock.advance(10 * MINUTE);

    expect(times()).toEqual(['successes 0.5', 'successes 60.5', 'successes 180.5']);
    expect(bus.deadLetters).toEqual([
      {
        at: START + 180_500,
        rule: 'successes',
        target: 'arn:successes',
        error: 'TypeError: no',
        event: expect.objectContaining(EVENT),
        failed: true,
      },
    ]);
  });

  it('a target that takes it the second time has taken it', async () => {
    const { clock, bus, times } = busOf([successes], ({ at }) => (at < 1 ? new Error('not yet') : undefined));
    bus.put(EVENT);
    await clock.advance(10 * MINUTE);

    expect(times()).toEqual(['successes 0.5', 'successes 60.5']);
    expect(bus.deadLetters).toEqual([]);
  });

  it('tries a machine that cannot be started as often, and for as long, as its target says', async () => {
    const often = { ...target('often-machine'), retry: { maximumEventAgeSeconds: 86_400, maximumRetryAttempts: 3 } };
    const long = { ...target('long-machine'), retry: { maximumEventAgeSeconds: 60, maximumRetryAttempts: 185 } };
    const { clock, bus, times } = busOf(
      [rule('both', { pattern: { source: ['aws.ssm'] }, targets: [often, long] })],
      () => new Error('no'),
    );
    bus.put(EVENT);
    await clock.advance(60 * MINUTE);

    expect(times().filter((it) => it.startsWith('often'))).toEqual(
      [0.5, 1.5, 3.5, 7.5].map((at) => `often-machine ${at}`),
    );
    expect(times().at(-1)).toBe('long-machine 31.5');
    expect(bus.deadLetters.map(({ target: to }) => to)).toEqual(['arn:often-machine', 'arn:long-machine']);
  });

  it.each([
    ['delay', 'kept by EventBridge', 1],
    ['late', 'sent by its source', 0],
  ] as const)('an event that is 20 hours late, %s: %s', async (kind, _what, dead) => {
    const old = { ...target('a-machine'), retry: { maximumEventAgeSeconds: 3600, maximumRetryAttempts: 185 } };
    const { clock, bus, delivered } = busOf([rule('a', { pattern: { source: ['aws.ssm'] }, targets: [old] })]);
    bus.faults.push({
      pattern: parsePattern({ source: ['aws.ssm'] }),
      effect: { kind, ms: 20 * 60 * MINUTE },
      times: 1,
    });
    bus.put(EVENT);
    await clock.advance(21 * 60 * MINUTE);

    expect(bus.deadLetters).toHaveLength(dead);
    expect(delivered.map(({ event }) => (event as { time: string }).time)).toEqual(
      dead === 1 ? [] : ['2026-01-01T00:00:00.000Z'],
    );
  });

  it.each([
    [{ kind: 'drop' }, [], 1],
    [{ kind: 'delay', ms: 9500 }, ['successes 10'], 1],
    [{ kind: 'duplicate' }, ['successes 0.5', 'successes 1.5'], 2],
  ] as const)('the fault %j works on as many events as it says', async (effect, expected, ids) => {
    const { clock, bus, delivered, times } = busOf([successes]);
    const pattern = parsePattern({ detail: { status: ['Success'] } });
    bus.faults.push({ pattern, effect, times: 1 });
    bus.put({ ...EVENT, detail: { status: 'Failed' } });
    bus.put(EVENT);
    await clock.advance(MINUTE);
    expect(times()).toEqual(expected);
    // EventBridge names executions after the id: the second event of a kind is another event.
    expect(new Set(delivered.map(({ event }) => (event as { id: string }).id)).size).toBe(
      Math.min(ids, expected.length),
    );

    delivered.length = 0;
    bus.put(EVENT);
    await clock.advance(MINUTE);
    expect(delivered).toHaveLength(1);
  });

  it('a schedule comes again and again, with its own input, until it is stopped', async () => {
    const { clock, bus, delivered, times } = busOf([
      rule('tidy', { schedule: 'rate(10 minutes)', targets: [target('tidy', '{"every":"cluster"}')] }),
    ]);
    bus.startSchedules();
    await clock.advance(25 * MINUTE);
    bus.stopSchedules();
    await clock.advance(25 * MINUTE);

    expect(times()).toEqual(['tidy 600', 'tidy 1200']);
    expect(delivered[0]?.event).toEqual({ every: 'cluster' });
  });

  it('a schedule that it does not know is refused', () => {
    const { bus } = busOf([rule('odd', { schedule: 'cron(0 * * * ? *)' })]);

    expect(() => {
      bus.startSchedules();
    }).toThrow('the lab knows schedules of the form rate(10 minutes), not cron(0 * * * ? *)');
  });
});
