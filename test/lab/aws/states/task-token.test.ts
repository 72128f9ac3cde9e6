// States that wait for their task token: who may end them, when it is too late, and what a retry changes.
import { describe, expect, it } from '@jest/globals';
import { StatesError, TaskTokenError } from '../../../../lab/aws/states/errors.ts';
import type { Execution } from '../../../../lab/aws/states/execution.ts';
import { begin, define, FakeRuntime, INVOKE, INVOKE_TOKEN, runStates, START, types } from './fake-runtime.ts';

const wait = {
  Type: 'Task',
  Resource: INVOKE_TOKEN,
  Arguments: { token: '{% $states.context.Task.Token %}', attempt: '{% $states.context.State.RetryCount %}' },
  TimeoutSeconds: 60,
};
const look = { ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 400 };

async function started(
  state: object,
  more: Record<string, unknown> = {},
): Promise<{ runtime: FakeRuntime; execution: Execution; token: (call: number) => string }> {
  const runtime = new FakeRuntime();
  const execution = begin(define({ A: { ...wait, End: true, ...state }, ...more }), runtime);
  await runtime.settle();
  const token = (call: number): string => runtime.calls[call]?.taskToken ?? 'no such call';
  return { runtime, execution, token };
}

const timedOut = expect.objectContaining({ name: 'TaskTimedOut' });
const unknown = expect.objectContaining({ name: 'TaskDoesNotExist' });

describe('a task token', () => {
  it('ends the state with the output that comes with it, not with the result of the call', async () => {
    const { runtime, execution, token } = await started({});
    await runtime.advance(30);

    expect(execution.status).toBe('RUNNING');
    execution.sendTaskSuccess(token(0), { joined: true });
    await runtime.settle();

    expect(execution).toMatchObject({
      status: 'SUCCEEDED',
      output: { joined: true },
      stopDate: START + 30_000,
      transitions: 1,
    });
    expect(runtime.pendingTimers).toBe(0);
    expect(types(execution).slice(2, 6)).toEqual(['TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded']);
  });

  it('is the same in the arguments and in the call', async () => {
    const { runtime, token } = await started({});

    expect(runtime.calls[0]?.arguments).toEqual({ token: token(0), attempt: 0 });
  });

  it('fails the state without a name and a cause, which a Catch then sees as null', async () => {
    const { runtime, execution, token } = await started({});
    const {
      runtime: other,
      execution: caught,
      token: theirs,
    } = await started(
      {
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B', Output: '{% $states.errorOutput %}' }],
      },
      { B: { Type: 'Succeed' } },
    );

    execution.sendTaskFailure(token(0));
    caught.sendTaskFailure(theirs(0));
    await runtime.settle();
    await other.settle();

    expect(execution).toMatchObject({ status: 'FAILED', error: undefined, cause: undefined });
    expect(execution.history.at(-1)).toMatchObject({ type: 'ExecutionFailed', details: {} });
    expect(caught).toMatchObject({ status: 'SUCCEEDED', output: { Error: null, Cause: null } });
  });

  it('fails the state with the error that comes with it', async () => {
    const { runtime, execution, token } = await started({});

    execution.sendTaskFailure(token(0), 'Busy', 'locked');
    await runtime.settle();

    expect(execution).toMatchObject({ status: 'FAILED', error: 'Busy', cause: 'locked' });
    expect(runtime.pendingTimers).toBe(0);
  });

  it('may come back before the call has returned', async () => {
    const runtime = new FakeRuntime();
    const execution = begin(define({ A: { ...wait, End: true } }), runtime);
    runtime.handler = ({ taskToken = '' }) => {
      execution.sendTaskSuccess(taskToken, 'early');
      return {};
    };
    await runtime.settle();

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: 'early', defects: [] });
    expect(types(execution)).not.toContain('TaskSubmitted');
  });

  it('wins over a call that fails later', async () => {
    const runtime = new FakeRuntime();
    const execution = begin(define({ A: { ...wait, End: true } }), runtime);
    runtime.handler = ({ taskToken = '' }) => {
      execution.sendTaskSuccess(taskToken, 'early');
      throw new StatesError('Lambda.Unknown', 'died after it had sent');
    };
    await runtime.settle();

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: 'early', defects: [] });
  });

  it('is closed when the call fails, and the state fails with the error of the call', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = () => {
      throw new StatesError('AgentNotRegistered');
    };
    const execution = begin(define({ A: { ...wait, End: true } }), runtime);
    await runtime.settle();

    expect(execution).toMatchObject({ status: 'FAILED', error: 'AgentNotRegistered' });
    expect(() => {
      execution.sendTaskSuccess(runtime.calls[0]?.taskToken ?? '', 1);
    }).toThrow(timedOut);
    expect(runtime.pendingTimers).toBe(0);
  });

  it('is a new one after a timeout and a retry; the old one is refused', async () => {
    const { runtime, execution, token } = await started({ Retry: [look] });
    await runtime.advance(61);

    expect(runtime.callTimes).toEqual([0, 61]);
    expect(runtime.calls[1]?.arguments).toEqual({ token: token(1), attempt: 1 });
    expect(token(1)).not.toBe(token(0));
    expect(() => {
      execution.sendTaskSuccess(token(0), 'late');
    }).toThrow(timedOut);
    expect(execution.status).toBe('RUNNING');

    execution.sendTaskSuccess(token(1), 'in time');
    await runtime.settle();

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: 'in time', transitions: 2, retries: 1 });
    expect(types(execution).filter((type) => type.startsWith('Task'))).toEqual([
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskTimedOut',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
    ]);
  });

  it('is refused between the timeout and the retry', async () => {
    const { runtime, execution, token } = await started({ Retry: [look] });
    await runtime.advance(60.5);

    expect(() => {
      execution.sendTaskSuccess(token(0), 1);
    }).toThrow(timedOut);
  });

  it('is refused the second time, at once and after the end', async () => {
    const { runtime, execution, token } = await started({});

    execution.sendTaskSuccess(token(0), 'first');

    const again = [
      () => {
        execution.sendTaskSuccess(token(0), 'second');
      },
      () => {
        execution.sendTaskFailure(token(0), 'E');
      },
      () => {
        execution.sendTaskHeartbeat(token(0));
      },
    ];
    for (const send of again) expect(send).toThrow(timedOut);
    await runtime.settle();
    for (const send of again) expect(send).toThrow(TaskTokenError);
    expect(execution.output).toBe('first');
  });

  it('is unknown where it was not issued', async () => {
    const { execution, token } = await started({});

    expect(execution.ownsTaskToken(token(0))).toBe(true);
    expect(execution.ownsTaskToken('other')).toBe(false);
    expect(() => {
      execution.sendTaskSuccess('other', 1);
    }).toThrow(unknown);
  });

  it('does not exist in a state that waits for none', async () => {
    const runtime = new FakeRuntime();
    const execution = await runStates(
      { A: { Type: 'Task', Resource: INVOKE, Arguments: { token: '{% $states.context.Task.Token %}' }, End: true } },
      { runtime },
    );

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(runtime.calls).toEqual([]);
  });

  it('is closed when the execution ends', async () => {
    const { execution, token } = await started({});

    execution.stop();

    expect(() => {
      execution.sendTaskSuccess(token(0), 1);
    }).toThrow(timedOut);
  });

  it('is refused output that is no JSON, and stays open', async () => {
    const { runtime, execution, token } = await started({});

    expect(() => {
      execution.sendTaskSuccess(token(0), undefined);
    }).toThrow(TypeError);

    execution.sendTaskSuccess(token(0), null);
    await runtime.settle();
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: null });
  });
});

describe('heartbeats', () => {
  it('keep a state waiting for as long as they come', async () => {
    const { runtime, execution, token } = await started({ HeartbeatSeconds: 10 });
    for (let beats = 0; beats < 4; beats += 1) {
      await runtime.advance(9);
      execution.sendTaskHeartbeat(token(0));
    }
    await runtime.advance(9);
    expect(execution.status).toBe('RUNNING');

    await runtime.advance(1);

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout', stopDate: START + 46_000 });
    expect(types(execution)).toContain('TaskTimedOut');
    expect(runtime.pendingTimers).toBe(0);
  });

  it.each(['States.Timeout', 'States.HeartbeatTimeout'] as const)(
    'are missed as %s, as the knob has it',
    async (name) => {
      const runtime = new FakeRuntime();
      const states = { A: { Type: 'Task', Resource: INVOKE_TOKEN, HeartbeatSeconds: 10, End: true } };
      const execution = begin(define(states), runtime, {}, { knobs: { missedHeartbeat: name } });
      await runtime.advance(10);

      expect(execution).toMatchObject({ status: 'FAILED', error: name });
    },
  );

  it('do not prolong the timeout', async () => {
    const { runtime, execution, token } = await started({ HeartbeatSeconds: 40 });
    await runtime.advance(30);
    execution.sendTaskHeartbeat(token(0));
    await runtime.advance(30);

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout', stopDate: START + 60_000 });
  });
});

describe('TimeoutSeconds', () => {
  const perTry = {
    TimeoutSeconds: '{% 10 * (1 + $states.context.State.RetryCount) %}',
    Retry: [{ ...look, MaxAttempts: 2 }],
    End: true,
  };

  it.each([
    { timeoutPerTry: true, at: [0, 11, 32] },
    { timeoutPerTry: false, at: [0, 11, 22] },
  ])('is evaluated anew for each retry or not: $timeoutPerTry', async ({ timeoutPerTry, at }) => {
    const runtime = new FakeRuntime();
    const execution = begin(define({ A: { ...wait, ...perTry } }), runtime, {}, { knobs: { timeoutPerTry } });
    await runtime.finish();

    expect(runtime.callTimes).toEqual(at);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  it('ends a plain call too, whose late answer is then nothing', async () => {
    const runtime = new FakeRuntime();
    let answer: (value: unknown) => void = () => undefined;
    runtime.handler = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const execution = begin(define({ A: { Type: 'Task', Resource: INVOKE, TimeoutSeconds: 5, End: true } }), runtime);
    await runtime.finish();
    const events = execution.history.length;

    answer('late');
    await runtime.settle();

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout', stopDate: START + 5000 });
    expect(execution.history).toHaveLength(events);
  });

  it.each(['{% 0 %}', '{% 1.5 %}', "{% '5' %}", '{% $missing %}'])('is not %s', async (TimeoutSeconds) => {
    const { runtime, execution } = await started({ TimeoutSeconds });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(runtime.calls).toEqual([]);
  });

  it.each(['{% 5 %}', '{% [] %}'])(
    'is not running, nor is anything called, when the arguments are %s',
    async (Arguments) => {
      const { runtime, execution } = await started({ Arguments });

      expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
      expect(runtime.calls).toEqual([]);
    },
  );

  it('is not running before it has begun: arguments that fail leave no timer', async () => {
    const { runtime } = await started({ Arguments: { a: '{% $missing %}' } });

    expect(runtime.pendingTimers).toBe(0);
  });
});
