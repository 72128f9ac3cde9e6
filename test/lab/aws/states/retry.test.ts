// Which errors Retry and Catch mean, when retries come, and what a catcher makes of the error.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StatesError } from '../../../../lab/aws/states/errors.ts';
import { delayOf, matchesError, Retries, type Retrier } from '../../../../lab/aws/states/retry.ts';
import { begin, define, FakeRuntime, INVOKE, runStates, types } from './fake-runtime.ts';

const task = { Type: 'Task', Resource: INVOKE };

/** A handler that fails with these errors in turn, then succeeds. */
function failing(...errors: string[]): () => unknown {
  const left = [...errors];
  return () => {
    const error = left.shift();
    if (error !== undefined) throw new StatesError(error, `cause of ${error}`);
    return 'fine';
  };
}

describe('matchesError', () => {
  it.each<{ names: string[]; yes: string[]; no: string[] }>([
    { names: ['A', 'B'], yes: ['A', 'B'], no: ['a', 'C', 'States.Timeout'] },
    {
      names: ['States.ALL'],
      yes: ['A', 'States.Timeout', 'States.QueryEvaluationError', ''],
      no: ['States.Runtime', 'States.DataLimitExceeded'],
    },
    {
      names: ['States.TaskFailed'],
      yes: ['A', 'States.HeartbeatTimeout', 'Lambda.Unknown'],
      no: ['States.Timeout', 'States.Runtime', 'States.DataLimitExceeded'],
    },
    { names: ['States.Timeout'], yes: ['States.Timeout', 'States.HeartbeatTimeout'], no: ['A', 'States.TaskFailed'] },
    { names: ['States.HeartbeatTimeout'], yes: ['States.HeartbeatTimeout'], no: ['States.Timeout'] },
    { names: ['States.DataLimitExceeded'], yes: ['States.DataLimitExceeded'], no: ['A'] },
    { names: ['States.Runtime'], yes: [], no: ['States.Runtime', 'A'] },
  ])('$names', ({ names, yes, no }) => {
    expect(yes.filter((error) => !matchesError(names, new StatesError(error)))).toEqual([]);
    expect(no.filter((error) => matchesError(names, new StatesError(error)))).toEqual([]);
  });
});

describe('Retry', () => {
  it.each<{ name: string; retrier: object; failures: number; at: number[]; status: string }>([
    {
      name: 'three times by default, 1, 2 and 4 s apart',
      retrier: {},
      failures: 9,
      at: [0, 1, 3, 7],
      status: 'FAILED',
    },
    { name: 'no more than needed', retrier: {}, failures: 1, at: [0, 1], status: 'SUCCEEDED' },
    { name: 'never with MaxAttempts 0', retrier: { MaxAttempts: 0 }, failures: 1, at: [0], status: 'FAILED' },
    {
      name: 'at a fixed rate',
      retrier: { IntervalSeconds: 5, BackoffRate: 1, MaxAttempts: 4 },
      failures: 4,
      at: [0, 5, 10, 15, 20],
      status: 'SUCCEEDED',
    },
    {
      name: 'no later than MaxDelaySeconds',
      retrier: { IntervalSeconds: 15, BackoffRate: 1.25, MaxDelaySeconds: 20, MaxAttempts: 4 },
      failures: 4,
      at: [0, 15, 33.75, 53.75, 73.75],
      status: 'SUCCEEDED',
    },
    {
      name: 'at half the delay when the dice of full jitter show a half',
      retrier: { IntervalSeconds: 10, JitterStrategy: 'FULL', MaxAttempts: 2 },
      failures: 2,
      at: [0, 5, 15],
      status: 'SUCCEEDED',
    },
  ])('tries again $name', async ({ retrier, failures, at, status }) => {
    const runtime = new FakeRuntime();
    runtime.handler = failing(...Array<string>(failures).fill('E'));

    const execution = await runStates(
      { A: { ...task, Retry: [{ ErrorEquals: ['E'], ...retrier }], End: true } },
      { runtime },
    );

    expect(runtime.callTimes).toEqual(at);
    expect(execution).toMatchObject({ status, retries: at.length - 1, transitions: at.length });
  });

  it('counts for each retrier on its own, also when errors alternate', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = failing('X', 'Y', 'X', 'Y', 'X');

    const execution = await runStates(
      {
        A: {
          ...task,
          Retry: [
            { ErrorEquals: ['X'], IntervalSeconds: 1, MaxAttempts: 2 },
            { ErrorEquals: ['Y'], IntervalSeconds: 100, BackoffRate: 1, MaxAttempts: 5 },
          ],
          End: true,
        },
      },
      { runtime },
    );

    expect(runtime.callTimes).toEqual([0, 1, 101, 103, 203]);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'X', retries: 4 });
  });

  it('asks only the first retrier that means the error, even when that one is used up', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = failing('X');

    const execution = await runStates(
      { A: { ...task, Retry: [{ ErrorEquals: ['X'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }], End: true } },
      { runtime },
    );

    expect(execution).toMatchObject({ status: 'FAILED', error: 'X' });
  });

  it('starts counting anew when the state is visited again', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = failing('E', 'E', 'Back', 'E', 'E');

    const execution = await runStates(
      {
        A: {
          ...task,
          Arguments: { retry: '{% $states.context.State.RetryCount %}' },
          Retry: [{ ErrorEquals: ['E'], MaxAttempts: 2 }],
          Catch: [{ ErrorEquals: ['Back'], Next: 'A' }],
          End: true,
        },
      },
      { runtime },
    );

    expect(runtime.calls.map((call) => call.arguments)).toEqual([0, 1, 2, 0, 1, 2].map((retry) => ({ retry })));
    expect(execution).toMatchObject({ status: 'SUCCEEDED', transitions: 6, retries: 4 });
  });

  it('is for failing expressions too', async () => {
    const runtime = new FakeRuntime();

    const execution = await runStates(
      {
        A: {
          ...task,
          Arguments: { a: '{% $states.context.State.RetryCount = 1 ? 1 : $missing %}' },
          Retry: [{ ErrorEquals: ['States.QueryEvaluationError'] }],
          End: true,
        },
      },
      { runtime },
    );

    expect(runtime.callTimes).toEqual([1]);
    expect(types(execution)).toContain('EvaluationFailed');
    expect(execution.status).toBe('SUCCEEDED');
  });

  const retrier = fc.record({
    errorEquals: fc.constant(['E']),
    intervalSeconds: fc.integer({ min: 1, max: 1000 }),
    maxAttempts: fc.integer({ min: 0, max: 400 }),
    backoffRate: fc.double({ min: 1, max: 10, noNaN: true }),
    maxDelaySeconds: fc.option(fc.integer({ min: 1001, max: 31_622_400 }), { nil: undefined }),
    jitter: fc.constantFrom<Retrier['jitter']>('FULL', 'NONE'),
  });
  const delays = (from: Retrier, random: () => number): number[] => {
    const retries = new Retries([from]);
    const found: number[] = [];
    for (let delay = retries.next(new StatesError('E'), random); delay !== undefined;) {
      found.push(delay);
      delay = retries.next(new StatesError('E'), random);
    }
    return found;
  };

  it('waits in all what its fields add up to, and never longer with jitter', () => {
    fc.assert(
      fc.property(retrier, fc.double({ min: 0, max: 0.999, noNaN: true }), (from, dice) => {
        const plain = delays({ ...from, jitter: 'NONE' }, () => dice);
        const total = plain.reduce((sum, delay) => sum + delay, 0);
        const expected = Array.from({ length: from.maxAttempts }, (_, used) => delayOf(from, used) * 1000);

        expect(plain).toHaveLength(from.maxAttempts);
        expect(Math.abs(total - expected.reduce((sum, delay) => sum + delay, 0))).toBeLessThanOrEqual(from.maxAttempts);
        expect(plain.every((delay, index) => delay >= (plain[index - 1] ?? 0))).toBe(true);
        expect(
          delays({ ...from, jitter: 'FULL' }, () => dice).every((delay, index) => delay <= (plain[index] ?? -1)),
        ).toBe(true);
      }),
    );
  });
});

describe('Catch', () => {
  it.each<{ name: string; catcher: object; output: unknown }>([
    { name: 'hands on the error without Output', catcher: {}, output: { Error: 'E', Cause: 'cause of E' } },
    {
      name: 'may say what to hand on',
      catcher: { Output: { was: '{% $states.errorOutput.Error %}' } },
      output: { was: 'E' },
    },
    { name: 'still knows the input of the state', catcher: { Output: '{% $states.input %}' }, output: { n: 1 } },
  ])('$name', async ({ catcher, output }) => {
    const runtime = new FakeRuntime();
    runtime.handler = failing('E');

    const execution = await runStates(
      {
        A: { ...task, Catch: [{ ErrorEquals: ['E'], Next: 'B', ...catcher }], Output: { never: 1 }, End: true },
        B: { Type: 'Succeed' },
      },
      { runtime, input: { n: 1 } },
    );

    expect(execution).toMatchObject({ status: 'SUCCEEDED', transitions: 2, output });
    expect(types(execution)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskFailed',
      'TaskStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('assigns in the catcher, not what the state would have assigned', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = failing('E');

    const execution = await runStates(
      {
        A: {
          ...task,
          Assign: { x: 'state' },
          Catch: [{ ErrorEquals: ['E'], Assign: { failure: '{% $states.errorOutput %}' }, Next: 'B' }],
          End: true,
        },
        B: { Type: 'Succeed', Output: '{% [$failure.Error, $exists($x)] %}' },
      },
      { runtime },
    );

    expect(execution.output).toEqual(['E', false]);
  });

  it('comes after the retries, and the first catcher that means the error wins', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = failing('E', 'E', 'E');

    const execution = await runStates(
      {
        A: {
          ...task,
          Retry: [{ ErrorEquals: ['E'], MaxAttempts: 2 }],
          Catch: [
            { ErrorEquals: ['Other'], Next: 'Wrong' },
            { ErrorEquals: ['States.TaskFailed'], Next: 'Right' },
            { ErrorEquals: ['States.ALL'], Next: 'Wrong' },
          ],
          End: true,
        },
        Right: { Type: 'Succeed' },
        Wrong: { Type: 'Fail' },
      },
      { runtime },
    );

    expect(execution).toMatchObject({ status: 'SUCCEEDED', transitions: 4, retries: 2 });
    expect(runtime.elapsed).toBe(3);
  });

  it('fails the execution with the error when no catcher means it', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = failing('E');

    const execution = await runStates(
      { A: { ...task, Catch: [{ ErrorEquals: ['Other'], Next: 'B' }], End: true }, B: { Type: 'Succeed' } },
      { runtime },
    );

    expect(execution).toMatchObject({ status: 'FAILED', error: 'E', cause: 'cause of E', defects: [] });
    expect(types(execution).at(-1)).toBe('ExecutionFailed');
  });

  it('catches what Output of the state fails with, but not what the catcher fails with', async () => {
    const states = (catcher: object): Record<string, unknown> => ({
      A: {
        ...task,
        Output: '{% $missing %}',
        Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'B', ...catcher }],
        End: true,
      },
      B: { Type: 'Succeed', Output: {} },
    });

    const caught = await runStates(states({}));
    const failed = await runStates(states({ Output: '{% $missing %}' }));

    expect(caught.status).toBe('SUCCEEDED');
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
});

describe('a runtime that breaks its promise', () => {
  it.each([
    ['rejects', () => Promise.reject(new RangeError('lab broke'))],
    [
      'throws',
      () => {
        throw new RangeError('lab broke');
      },
    ],
  ])('fails the execution with States.Runtime, which nothing catches, when it %s', async (_, handler) => {
    const runtime = new FakeRuntime();
    runtime.call = handler;

    const execution = begin(
      define({
        A: {
          ...task,
          Retry: [{ ErrorEquals: ['States.ALL'] }],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }],
          End: true,
        },
        B: { Type: 'Succeed' },
      }),
      runtime,
    );
    await runtime.finish();

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Runtime', cause: 'lab broke' });
    expect(execution.defects).toEqual([new RangeError('lab broke')]);
  });

  it('has its defect noted once, also from inside a Map', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = () => () => 'no JSON';

    const execution = await runStates(
      {
        A: {
          Type: 'Map',
          Items: [1],
          ItemProcessor: { StartAt: 'B', States: { B: { ...task, End: true } } },
          End: true,
        },
      },
      { runtime },
    );

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(execution.defects).toEqual([new TypeError('a function is not JSON')]);
  });
});
