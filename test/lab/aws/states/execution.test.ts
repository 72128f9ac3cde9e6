// Ends from outside, limits, and variables.
import { describe, expect, it } from '@jest/globals';
import { StatesError } from '../../../../lab/aws/states/errors.ts';
import { HISTORY_LIMIT } from '../../../../lab/aws/states/history.ts';
import { PAYLOAD_LIMIT } from '../../../../lab/aws/states/json.ts';
import { begin, define, FakeRuntime, INVOKE, INVOKE_TOKEN, runStates, START, types } from './fake-runtime.ts';

const task = { Type: 'Task', Resource: INVOKE };
const catchAll = [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }];
const waiting = {
  Type: 'Task',
  Resource: INVOKE_TOKEN,
  Retry: [{ ErrorEquals: ['States.ALL'] }],
  Catch: catchAll,
  End: true,
};
const caught = { Type: 'Succeed', Output: { caught: true } };

describe('an end from outside', () => {
  it('is ABORTED when stopped, past every Retry and Catch', async () => {
    const runtime = new FakeRuntime();
    const execution = begin(define({ A: waiting, Caught: caught }), runtime);
    await runtime.advance(5);

    execution.stop('Operator', 'enough');
    await runtime.finish();

    expect(execution).toMatchObject({
      status: 'ABORTED',
      error: 'Operator',
      cause: 'enough',
      stopDate: START + 5000,
      output: undefined,
    });
    expect(types(execution).slice(-2)).toEqual(['TaskStateAborted', 'ExecutionAborted']);
    expect(runtime.pendingTimers).toBe(0);
  });

  it('is TIMED_OUT when the machine takes too long, past every Retry and Catch', async () => {
    const runtime = new FakeRuntime();
    const execution = begin(define({ A: waiting, Caught: caught }, { TimeoutSeconds: 100 }), runtime);
    await runtime.finish();

    expect(execution).toMatchObject({ status: 'TIMED_OUT', error: undefined, stopDate: START + 100_000 });
    expect(types(execution).at(-1)).toBe('ExecutionTimedOut');
    expect(runtime.pendingTimers).toBe(0);
  });

  it('leaves no timer of the machine when it ends by itself', async () => {
    const runtime = new FakeRuntime();
    const execution = begin(define({ A: { Type: 'Succeed' } }, { TimeoutSeconds: 100 }), runtime);
    await runtime.settle();

    expect(execution.status).toBe('SUCCEEDED');
    expect(runtime.pendingTimers).toBe(0);
  });

  it('comes once: what ended stays as it ended', async () => {
    const runtime = new FakeRuntime();
    const execution = await runStates({ A: { Type: 'Succeed' } }, { runtime });
    const events = execution.history.length;

    execution.stop('late');

    expect(execution).toMatchObject({ status: 'SUCCEEDED', error: undefined });
    expect(execution.history).toHaveLength(events);
  });

  it.each(['retry', 'wait', 'call'])('reaches an execution in its %s', async (where) => {
    const states = {
      retry: { ...task, Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 50 }], End: true },
      wait: { Type: 'Wait', Seconds: 50, End: true },
      call: { ...task, End: true },
    }[where];
    const runtime = new FakeRuntime();
    runtime.handler = () => {
      if (where === 'retry') throw new StatesError('E');
      return new Promise(() => undefined);
    };
    const execution = begin(define({ A: states }), runtime);
    await runtime.advance(10);

    execution.stop();
    await runtime.finish();

    expect(execution).toMatchObject({
      status: 'ABORTED',
      retries: 0,
      transitions: 1,
      stopDate: START + 10_000,
      defects: [],
    });
    expect(runtime.pendingTimers).toBe(0);
  });

  it('may come before the first state', async () => {
    const runtime = new FakeRuntime();
    const execution = begin(define({ A: { ...task, End: true } }), runtime);

    execution.stop();
    await runtime.finish();

    expect(types(execution)).toEqual(['ExecutionStarted', 'ExecutionAborted']);
    expect(runtime.calls).toEqual([]);
  });

  it('is told by done', async () => {
    const execution = await runStates({ A: { Type: 'Fail', Error: 'E' } });

    await expect(execution.done).resolves.toBeUndefined();
  });
});

describe('limits', () => {
  const big = 'x'.repeat(PAYLOAD_LIMIT - 2);

  it('takes 256 KiB of input, and no byte more', async () => {
    const fits = await runStates({ A: { Type: 'Pass', Output: { ok: true }, End: true } }, { input: big });
    const tooBig = await runStates({ A: { Type: 'Pass', Output: { ok: true }, End: true } }, { input: `${big}x` });

    expect(fits.status).toBe('SUCCEEDED');
    expect(tooBig).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('counts bytes, not characters', async () => {
    const execution = await runStates({ A: { Type: 'Succeed' } }, { input: 'ä'.repeat(PAYLOAD_LIMIT / 2) });

    expect(execution.error).toBe('States.DataLimitExceeded');
  });

  it('refuses a result of more, which States.ALL catches too, against the documentation', async () => {
    const run = async (ErrorEquals: string[]): Promise<unknown> => {
      const runtime = new FakeRuntime();
      runtime.handler = () => `${big}x`;
      const A = { ...task, Catch: [{ ErrorEquals, Next: 'Caught' }], End: true };
      const execution = await runStates({ A, Caught: caught }, { runtime });
      expect(types(execution)).toContain('TaskFailed');
      return execution.error ?? execution.output;
    };

    expect(await run(['States.ALL'])).toEqual({ caught: true });
    expect(await run(['States.DataLimitExceeded'])).toEqual({ caught: true });
    expect(await run(['States.TaskFailed'])).toBe('States.DataLimitExceeded');
  });

  it.each<{ what: string; state: object }>([
    { what: 'an output', state: { Output: '{% $pad($states.result.Payload, 300000) %}' } },
    { what: 'arguments', state: { Arguments: { a: "{% $pad('', 300000) %}" } } },
    { what: 'variables', state: { Assign: { a: "{% $pad('', 300000) %}" }, Output: { ok: true } } },
  ])('refuses $what of more, which only its own name catches', async ({ state }) => {
    const run = async (ErrorEquals: string[]): Promise<unknown> => {
      const runtime = new FakeRuntime();
      runtime.handler = () => ({ Payload: 'x' });
      const A = { ...task, ...state, Catch: [{ ErrorEquals, Next: 'Caught' }], End: true };
      const execution = await runStates({ A, Caught: caught }, { runtime });
      return execution.error ?? execution.output;
    };

    expect(await run(['States.ALL'])).toBe('States.DataLimitExceeded');
    expect(await run(['States.TaskFailed'])).toBe('States.DataLimitExceeded');
    expect(await run(['States.DataLimitExceeded'])).toEqual({ caught: true });
  });

  it('ends at 25,000 events, which nothing catches', async () => {
    const runtime = new FakeRuntime();
    const looping = await runStates(
      {
        A: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'B',
              States: {
                B: {
                  Type: 'Choice',
                  Choices: [{ Condition: '{% $states.input.end = true %}', Next: 'C' }],
                  Default: 'B',
                },
                C: { Type: 'Succeed' },
              },
            },
          ],
          Catch: catchAll,
          End: true,
        },
        Caught: caught,
      },
      { runtime },
    );
    expect(looping).toMatchObject({ status: 'FAILED', error: 'States.Runtime', defects: [] });
    expect(looping.cause).toContain('25000');
    expect(looping.history).toHaveLength(HISTORY_LIMIT);
    expect(types(looping).at(-1)).toBe('ExecutionFailed');
  });
});

describe('variables', () => {
  it('are seen by later states, until assigned anew', async () => {
    const execution = await runStates(
      {
        A: { Type: 'Pass', Assign: { x: 1, y: { deep: '{% $states.input.n %}' } }, Next: 'B' },
        B: { Type: 'Pass', Assign: { x: '{% $x + 1 %}' }, Next: 'C' },
        C: { Type: 'Succeed', Output: '{% [$x, $y.deep] %}' },
      },
      { input: { n: 7 } },
    );

    expect(execution.output).toEqual([2, 7]);
  });

  it('have in all expressions of a state the values of its entry', async () => {
    const execution = await runStates({
      A: { Type: 'Pass', Assign: { x: 1, y: 10 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $y %}', y: '{% $x %}' }, Output: { x: '{% $x %}' }, Next: 'C' },
      C: { Type: 'Succeed', Output: '{% [$states.input.x, $x, $y] %}' },
    });

    expect(execution.output).toEqual([1, 10, 1]);
  });

  it('are not assigned by a state that fails', async () => {
    const execution = await runStates({
      A: { Type: 'Pass', Assign: { x: 1 }, Next: 'B' },
      B: {
        ...task,
        Assign: { x: 2, z: '{% $missing %}' },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }],
        End: true,
      },
      C: { Type: 'Succeed', Output: '{% $x %}' },
    });

    expect(execution.output).toBe(1);
  });

  it('of the outer machine are read inside, those of the inner one stay inside and apart', async () => {
    const execution = await runStates({
      A: { Type: 'Pass', Assign: { outer: 'o' }, Next: 'B' },
      B: {
        Type: 'Map',
        Items: [1, 2],
        ItemProcessor: {
          StartAt: 'C',
          States: {
            C: { Type: 'Pass', Assign: { inner: '{% $exists($inner) ? 99 : $states.input %}' }, Next: 'D' },
            D: { Type: 'Pass', Output: '{% $outer & $string($inner) %}', End: true },
          },
        },
        Assign: { seen: '{% $exists($inner) %}' },
        Next: 'E',
      },
      E: { Type: 'Succeed', Output: '{% [$states.input, $seen] %}' },
    });

    expect(execution.output).toEqual(['o1', 'o2', false]);
  });
});

describe('a definition', () => {
  it('serves many executions, whatever a call does to its arguments', async () => {
    const definition = define({ A: { ...task, Arguments: { list: [1] }, End: true } });
    const runtime = new FakeRuntime();
    const seen: string[] = [];
    runtime.handler = ({ arguments: given }) => {
      seen.push(JSON.stringify(given));
      Object.assign(Object(given), { list: 'changed' });
      return {};
    };

    begin(definition, runtime);
    begin(definition, runtime);
    await runtime.finish();

    expect(seen).toEqual(['{"list":[1]}', '{"list":[1]}']);
  });
});
