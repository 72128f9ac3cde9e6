// Commands and the agents that take them: five at a time, five more, and then none.
import { describe, expect, it } from '@jest/globals';

import { Clock } from '../../../../lab/time/clock.ts';
import { seededRandom } from '../../../../lab/time/random.ts';
import { register } from '../../../../lab/aws/services/registration.ts';
import { WORK, scene, times } from './run-command-scene.ts';

describe('the clock of an instance', () => {
  it('is what its agent tells the end of a script by, which nobody else hears of earlier or later for it', async () => {
    const { clock, ec2, instance, send, seen, events } = await scene();
    const id = send(instance);
    await clock.advance(1000);
    const { clockAhead = 0 } = ec2.instances.get(instance) ?? {};

    expect(Math.abs(clockAhead)).toBeGreaterThanOrEqual(100);
    expect(seen(id)).toMatchObject({
      Status: 'Success',
      ExecutionEndDateTime: new Date(clock.now() + clockAhead).toISOString(),
    });
    expect(events).toEqual(['Success']);
  });
});

describe('the agent', () => {
  it('runs five commands at a time and takes five more, which SSM shows as in progress', async () => {
    const { clock, ran, instance, send, counts } = await scene();
    const ids = times(10, () => send(instance));
    await clock.advance(999);

    expect(ran).toHaveLength(5);
    expect(counts(instance, ids)).toEqual({ InProgress: 10 });

    await clock.advance(1);

    expect(ran).toHaveLength(10);
    expect(counts(instance, ids)).toEqual({ Success: 5, InProgress: 5 });
  });

  it('refuses the eleventh, which stays pending and is offered again after ten seconds, not before', async () => {
    const { clock, service, instance, send, statusOf } = await scene();
    const ids = times(11, () => send(instance));
    const last = ids.at(-1) ?? '';
    await clock.advance(9999);

    expect(statusOf(instance, last)).toBe('Pending');
    expect(service.agent(instance).peaks).toEqual({ running: 5, buffered: 5, refused: 1 });

    await clock.advance(1);

    expect(statusOf(instance, last)).toBe('InProgress');
  });

  it('takes no command past the one that it refused, in the order in which they were sent', async () => {
    const { clock, instance, send, counts, statusOf } = await scene({ agent: { workers: 1, buffer: 1 } });
    const ids = times(3, () => send(instance));
    await clock.advance(2000);
    // There is room for both, but it holds the third and asks again at ten seconds.
    ids.push(send(instance));
    await clock.advance(7999);

    expect(counts(instance, ids)).toEqual({ Success: 2, Pending: 2 });

    await clock.advance(1);

    expect(ids.map((id) => statusOf(instance, id))).toEqual(['Success', 'Success', 'InProgress', 'InProgress']);
  });

  it('is offered again as soon as the knob says', async () => {
    const { clock, instance, send, counts } = await scene({ agent: { workers: 1, buffer: 1, offerAgain: 1000 } });
    const ids = times(4, () => send(instance));
    await clock.advance(4000);

    expect(counts(instance, ids)).toEqual({ Success: 4 });
  });

  it('does not hold up the agent of another instance', async () => {
    const { clock, service, instance, launch, send, statusOf } = await scene();
    const other = launch();
    await clock.advance(0);
    service.register(other);
    await clock.advance(0);
    times(50, () => send(instance));
    const id = send(other);
    await clock.advance(1000);

    expect(statusOf(other, id)).toBe('Success');
  });
});

describe('a command that nobody takes', () => {
  it('is run by an agent that comes back within the delivery timeout', async () => {
    const { clock, service, instance, send, statusOf } = await scene();
    service.agent(instance).leave();
    const id = send(instance, 60);
    await clock.advance(59_999);
    service.agent(instance).comeBack();

    expect(statusOf(instance, id)).toBe('InProgress');

    await clock.advance(1000);

    expect(statusOf(instance, id)).toBe('Success');
  });

  it('is not run by one that comes back after it, and times out after delivery and execution timeout', async () => {
    const { clock, service, events, ran, instance, send, statusOf } = await scene();
    service.agent(instance).leave();
    const id = send(instance, 60);
    await clock.advance(60_000);
    service.agent(instance).comeBack();
    await clock.advance(59_999);

    expect(ran).toEqual([]);
    expect(statusOf(instance, id)).toBe('Pending');

    await clock.advance(1);

    expect(statusOf(instance, id)).toBe('DeliveryTimedOut');
    expect(events).toEqual(['TimedOut']);
  });

  it('times out at a full agent too, and is never run', async () => {
    const { clock, ran, instance, send, counts } = await scene({ takes: 59_000, agent: { workers: 1, buffer: 1 } });
    const ids = times(3, () => send(instance, 30));
    await clock.advance(90_000);

    expect(counts(instance, ids)).toEqual({ Success: 1, DeliveryTimedOut: 2 });
    // The second was in the buffer: its agent had it in time, and runs it although nobody waits any more.
    expect(ran).toHaveLength(2);
  });

  it('can be cancelled, and then is not run', async () => {
    const { clock, service, events, ran, instance, send, statusOf } = await scene();
    service.agent(instance).leave();
    const id = send(instance);
    await clock.advance(1000);
    service.operations.CancelCommand({ CommandId: id, InstanceIds: [instance] });
    service.agent(instance).comeBack();
    await clock.advance(1000);

    expect(statusOf(instance, id)).toBe('Cancelled');
    expect(events).toEqual(['Canceled']);
    expect(ran).toEqual([]);
  });

  it('can be cancelled after the agent has refused it, and the ones behind it go on', async () => {
    const { clock, service, instance, send, counts } = await scene({ agent: { workers: 1, buffer: 1 } });
    const ids = times(4, () => send(instance));
    await clock.advance(0);
    service.operations.CancelCommand({ CommandId: ids[2] ?? '', InstanceIds: [instance] });
    await clock.advance(12_000);

    expect(counts(instance, ids)).toEqual({ Success: 3, Cancelled: 1 });
  });
});

describe('a command that runs', () => {
  it('is killed when it is cancelled, and what it said is kept', async () => {
    const { clock, service, events, instance, send, seen } = await scene();
    const id = send(instance);
    await clock.advance(500);
    service.operations.CancelCommand({ CommandId: id, InstanceIds: [instance] });
    await clock.advance(1);

    expect(seen(id)).toMatchObject({ Status: 'Cancelled', ResponseCode: 137, StandardOutputContent: 'said\n' });
    expect(events).toEqual(['Canceled']);
  });

  it('ends when its agent is back, if the agent went away meanwhile', async () => {
    const { clock, service, instance, send, statusOf } = await scene();
    const id = send(instance);
    await clock.advance(500);
    service.agent(instance).leave();
    await clock.advance(60_000);

    expect(statusOf(instance, id)).toBe('InProgress');

    service.agent(instance).comeBack();

    expect(statusOf(instance, id)).toBe('Success');
  });

  it('times out when its instance dies under it, after delivery and execution timeout', async () => {
    const { clock, ec2, instance, send, statusOf } = await scene();
    const id = send(instance, 60);
    await clock.advance(500);
    ec2.kill(instance);
    await clock.advance(119_499);

    expect(statusOf(instance, id)).toBe('InProgress');

    await clock.advance(1);

    expect(statusOf(instance, id)).toBe('DeliveryTimedOut');
  });
});

describe('SendCommand', () => {
  it('is throttled when the bucket is empty, and goes through when it has filled', async () => {
    const { clock, service, instance, send } = await scene({ limits: { sendCommand: { rate: 2, burst: 3 } } });
    times(3, () => send(instance));

    expect(() => send(instance)).toThrow('Rate exceeded');

    await clock.advance(499);

    expect(() => send(instance)).toThrow('Rate exceeded');

    await clock.advance(1);
    send(instance);

    expect(service.throttled.map(({ at }) => at)).toEqual([0, 499]);
  });

  it('saves no more than the burst in quiet times', async () => {
    const { clock, instance, send } = await scene({ limits: { sendCommand: { rate: 2, burst: 3 } } });
    await clock.advance(3_600_000);
    times(3, () => send(instance));

    expect(() => send(instance)).toThrow('Rate exceeded');
  });

  it('is refused until the agent has registered', async () => {
    const { clock, service, launch, send } = await scene();
    const instance = launch();
    await clock.advance(0);

    expect(() => send(instance)).toThrow('not in a valid state');

    service.register(instance);
    await clock.advance(0);

    expect(send(instance)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is taken by an agent whose machine was stopped before it had registered, as machines of a warm pool are', async () => {
    const { clock, service, launch, send, statusOf } = await scene();
    const instance = launch();
    await clock.advance(0);
    service.agent(instance).poweredOff();
    service.register(instance);
    await clock.advance(0);
    const id = send(instance);
    await clock.advance(1000);

    expect(statusOf(instance, id)).toBe('Success');
  });
});

describe('a herd of agents', () => {
  it('registers as the bucket lets it: those that were refused four times hibernate for five minutes', async () => {
    const { clock, service, launch } = await scene({ limits: { registrations: { rate: 0.001, burst: 3 } } });
    const herd = times(4, launch);
    await clock.advance(0);
    herd.forEach((instance) => {
      service.register(instance);
    });
    const registered = (): number => herd.filter((one) => service.agent(one).registeredAt !== undefined).length;
    await clock.advance(0);

    // One of the three went to the instance that was there before.
    expect(registered()).toBe(2);

    await clock.advance(299_999);

    expect(registered()).toBe(2);
  });

  it('is through after the retries of the SDK where the rate is not far off', async () => {
    const { clock, service, launch } = await scene({ limits: { registrations: { rate: 1, burst: 1 } } });
    const herd = times(3, launch);
    await clock.advance(0);
    herd.forEach((instance) => {
      service.register(instance);
    });
    await clock.advance(15_000);

    expect(herd.map((one) => service.agent(one).registeredAt !== undefined)).toEqual([true, true, true]);
  });

  it('asks four times, again after five minutes, then three times after ten, and then after twenty', async () => {
    const clock = new Clock({ virtual: true, start: 0 });
    const asked: number[] = [];
    const take = (): boolean => {
      asked.push(clock.now() / 1000);
      return false;
    };
    const random = { ...seededRandom(1), next: () => 0 };
    void register({ clock, random, take, alive: () => true });
    await clock.advance(3_400_000);

    expect(asked.slice(0, 8)).toEqual([0, 1, 3, 7, 307, 308, 310, 314]);
    // The first of each ping: it takes seven seconds, and then the pause begins.
    expect(asked.filter((_, index) => index % 4 === 0)).toEqual([0, 307, 914, 1521, 2128, 3335]);
  });

  it('has no use for an agent whose instance has died meanwhile', async () => {
    const { clock, ec2, service, launch } = await scene({ limits: { registrations: { rate: 1 / 60, burst: 1 } } });
    const instance = launch();
    await clock.advance(0);
    service.register(instance);
    ec2.kill(instance);
    await clock.advance(3_600_000);

    expect(service.agent(instance).registeredAt).toBeUndefined();
  });
});

describe('what an agent reports of a script', () => {
  it.each([
    [{ exitCode: 0 }, 'Success', 0],
    [{ exitCode: 42 }, 'Failed', 42],
    // Memory ran out, say: nothing tells it from a time-out.
    [{ exitCode: 137 }, 'TimedOut', 137],
    [{ exitCode: -1, timedOut: true }, 'TimedOut', 137],
    [{ exitCode: 168 }, 'Success', 168],
    [{ exitCode: 169 }, 'Failed', 169],
  ])('%j is %s with %d', async (outcome, status, code) => {
    const { clock, instance, send, seen } = await scene({ outcome });
    const id = send(instance);
    await clock.advance(1000);

    expect(seen(id)).toMatchObject({ Status: status, ResponseCode: code });
  });

  it('has 24,000 bytes of output, not characters, and says where it is cut off', async () => {
    const { clock, instance, send, seen } = await scene({ outcome: { stdout: 'ä'.repeat(12_000) } });
    const id = send(instance);
    await clock.advance(1000);
    const output = String(seen(id)['StandardOutputContent']);

    expect(output).toBe(`${'ä'.repeat(11_990)}--output truncated--`);
  });

  it('ends stderr with the exit code of what failed', async () => {
    const { clock, instance, send, seen } = await scene({ outcome: { exitCode: 50, stderr: 'no such node' } });
    const id = send(instance);
    await clock.advance(1000);

    expect(seen(id)['StandardErrorContent']).toBe('no such node\nfailed to run commands: exit status 50');
  });

  it.each(['^(a{0,99}){0,99}$', '^(?=a)aa$', '^(a)\\1$'])(
    'is a failure with -1 and no word where Go does not compile a pattern of the document: %s',
    async (allowedPattern) => {
      const { executionTimeout } = WORK.parameters;
      const odd = { type: 'String', allowedPattern, default: 'aa' } as const;
      const parameters = { ...(executionTimeout === undefined ? {} : { executionTimeout }), odd };
      const { clock, ran, instance, send, seen } = await scene({ document: { ...WORK, parameters } });
      const id = send(instance);
      await clock.advance(1000);

      const nothing = { StandardOutputContent: '', StandardErrorContent: '' };
      expect(seen(id)).toMatchObject({ Status: 'Failed', ResponseCode: -1, ...nothing });
      expect(ran).toEqual([]);
    },
  );
});

describe('an agent that fails', () => {
  it('tells the truth when it was started anew meanwhile', async () => {
    const { clock, instance, send, seen, fault } = await scene();
    fault({ effect: 'agent-restarts', by: 900 });
    const id = send(instance);
    await clock.advance(3899);

    expect(seen(id)).toMatchObject({ Status: 'InProgress' });

    await clock.advance(1);

    expect(seen(id)).toMatchObject({ Status: 'Success', StandardOutputContent: 'said\n' });
  });

  it('calls a script lost whose watcher was killed: 61 s later, with 1 and without a word, though it ran to its end', async () => {
    const { clock, ran, instance, send, seen, fault } = await scene();
    fault({ effect: 'lost' });
    const id = send(instance);
    await clock.advance(60_999);

    expect(seen(id)).toMatchObject({ Status: 'InProgress' });

    await clock.advance(1);

    expect(seen(id)).toMatchObject({ Status: 'Failed', ResponseCode: 1, StandardOutputContent: '' });
    expect(ran).toHaveLength(1);
  });

  it('calls what ran when its machine was started anew lost, 60 s after it is back, with 0; and runs what waited', async () => {
    const { clock, ran, instance, send, seen, fault } = await scene({ agent: { workers: 1 } });
    fault({ effect: 'reboot', by: 500 });
    const ids = [send(instance), send(instance)];
    await clock.advance(20_500 + 1000);

    expect(ids.map((id) => seen(id)['Status'])).toEqual(['InProgress', 'Success']);
    expect(ran).toHaveLength(2);

    await clock.advance(59_000);

    expect(seen(ids[0] ?? '')).toMatchObject({ Status: 'Failed', ResponseCode: 0, StandardOutputContent: '' });
  });

  it('takes it in time, and begins its script later', async () => {
    const { clock, ran, instance, send, seen, fault } = await scene();
    fault({ effect: 'begins-late', by: 10_000 });
    const id = send(instance);
    await clock.advance(9000);

    expect([seen(id)['Status'], ran.length]).toEqual(['InProgress', 0]);

    await clock.advance(2100);

    expect([seen(id)['Status'], ran.length]).toEqual(['Success', 1]);
  });

  it('is late, says it twice, or has its last line cut off', async () => {
    const { clock, events, instance, send, seen, fault } = await scene();
    fault({ effect: 'late', by: 10_000 });
    fault({ effect: 'twice' });
    fault({ effect: 'cut-off' });
    const ids = [send(instance), send(instance), send(instance)];
    await clock.advance(1000);

    expect(ids.map((id) => seen(id)['Status'])).toEqual(['InProgress', 'Success', 'Success']);
    expect(events).toEqual(['Success', 'Success', 'Success']);
    expect(String(seen(ids[2] ?? '')['StandardOutputContent'])).toMatch(/^\.{23980}--output truncated--$/);

    await clock.advance(10_000);

    expect(seen(ids[0] ?? '')).toMatchObject({ Status: 'Success', StandardOutputContent: 'said\n' });
  });

  it('fails only on the instances that are meant', async () => {
    const { clock, service, instance, send, seen } = await scene();
    service.faults.push({
      verb: 'work',
      on: (id) => id !== instance,
      outcome: { status: 'Failed', code: 1 },
      times: 1,
    });
    const id = send(instance);
    await clock.advance(1000);

    expect(seen(id)).toMatchObject({ Status: 'Success' });
  });
});
