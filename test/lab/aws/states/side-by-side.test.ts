// Map and Parallel: how many at a time, and what the first failure does to the others.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StatesError } from '../../../../lab/aws/states/errors.ts';
import { begin, define, FakeRuntime, INVOKE, INVOKE_TOKEN, runStates, START, types } from './fake-runtime.ts';

const task = { Type: 'Task', Resource: INVOKE };
const catchAll = [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }];
const caught = { Type: 'Succeed', Output: { caught: true } };

describe('Map', () => {
  const map = (more: object, state: object): Record<string, unknown> => ({
    A: {
      Type: 'Map',
      Items: '{% $states.input %}',
      ItemProcessor: { StartAt: 'B', States: { B: state } },
      End: true,
      ...more,
    },
    Caught: caught,
  });
  const tenSeconds = { Type: 'Wait', Seconds: 10, End: true };
  const items = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

  it.each([
    { more: { MaxConcurrency: 1 }, count: 3, seconds: 30 },
    { more: { MaxConcurrency: 2 }, count: 3, seconds: 20 },
    { more: { MaxConcurrency: '{% $count($states.input) %}' }, count: 3, seconds: 10 },
    { more: { MaxConcurrency: 0 }, count: 40, seconds: 10 },
    { more: {}, count: 41, seconds: 20 },
    { more: { MaxConcurrency: 1000 }, count: 41, seconds: 20 },
  ])('needs $seconds s for $count items of 10 s with $more', async ({ more, count, seconds }) => {
    const runtime = new FakeRuntime();
    const definition = define({ A: map(more, tenSeconds)['A'] });
    const execution = begin(definition, runtime, items(count));
    await runtime.finish();

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: items(count), transitions: count + 1 });
    expect(execution.stopDate).toBe(START + seconds * 1000);
  });

  it('fails with the error of the first iteration that fails, and ends the others at once', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = ({ arguments: given }) => {
      if (JSON.stringify(given) === '{"item":1}') throw new StatesError('E', 'second item');
      return new Promise(() => undefined);
    };
    const state = { ...task, Arguments: { item: '{% $states.input %}' }, TimeoutSeconds: 100, End: true };
    const execution = begin(define(map({ MaxConcurrency: 2, Catch: catchAll, Output: {} }, state)), runtime, items(5));
    await runtime.finish();

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { caught: true }, stopDate: START, transitions: 4 });
    expect(runtime.calls).toHaveLength(2);
    expect(types(execution).slice(-9)).toEqual([
      'TaskFailed',
      'MapIterationFailed',
      'TaskStateAborted',
      'MapIterationAborted',
      'MapStateFailed',
      'MapStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('ends each iteration that it started exactly once, before its own end, however closely they end', async () => {
    const definition = define({ A: map({}, { ...task, Arguments: { i: '{% $states.input %}' }, End: true })['A'] });
    const endings = fc.array(fc.record({ ticks: fc.nat(20), fails: fc.boolean() }), { minLength: 1, maxLength: 4 });

    await fc.assert(
      fc.asyncProperty(endings, async (plan) => {
        const runtime = new FakeRuntime();
        runtime.handler = async () => {
          const { ticks = 0, fails = false } = plan[runtime.calls.length - 1] ?? {};
          for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
          if (fails) throw new StatesError('E');
          return 'fine';
        };
        const execution = begin(definition, runtime, items(plan.length));
        await runtime.finish();

        const ends = types(execution).filter((type) => /^MapIteration(Succeeded|Failed|Aborted)$/.test(type));
        const failed = plan.some(({ fails }) => fails);
        expect(ends).toHaveLength(plan.length);
        expect(types(execution).filter((type) => type === 'MapIterationStarted')).toHaveLength(plan.length);
        expect(types(execution).slice(failed ? -2 : -3)[0]).toBe(failed ? 'MapStateFailed' : 'MapStateSucceeded');
        expect(execution.defects).toEqual([]);
      }),
    );
  });

  it('may be retried as a whole', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = () => {
      if (runtime.calls.length === 2) throw new StatesError('E');
      return 'fine';
    };
    const definition = define({
      A: map({ MaxConcurrency: 1, Retry: [{ ErrorEquals: ['E'] }] }, { ...task, End: true })['A'],
    });
    const execution = begin(definition, runtime, items(3));
    await runtime.finish();

    expect(runtime.callTimes).toEqual([0, 0, 1, 1, 1]);
    expect(execution).toMatchObject({ status: 'SUCCEEDED', transitions: 1 + 2 + 1 + 3, retries: 1 });
    // As recorded: it is called failed after the last try only.
    expect(types(execution)).not.toContain('MapStateFailed');
  });

  it.each(['{% 5 %}', '{% $states.input[0] %}', "{% {'a': 1} %}"])('does not take %s for its items', async (Items) => {
    const execution = await runStates(map({ Items, Catch: catchAll }, tenSeconds), { input: [1] });

    expect(execution.output).toEqual({ caught: true });
    expect(types(execution)).not.toContain('MapStateStarted');
  });

  it('closes the task tokens of iterations that it ends', async () => {
    const runtime = new FakeRuntime();
    const state = { Type: 'Task', Resource: INVOKE_TOKEN, End: true };
    const execution = begin(define({ A: map({}, state)['A'] }), runtime, items(2));
    await runtime.settle();
    const [first = '', second = ''] = runtime.calls.map(({ taskToken }) => taskToken);

    execution.sendTaskFailure(first, 'E');
    await runtime.settle();

    expect(execution).toMatchObject({ status: 'FAILED', error: 'E' });
    expect(() => {
      execution.sendTaskSuccess(second, 1);
    }).toThrow(expect.objectContaining({ name: 'TaskTimedOut' }));
  });
});

describe('Parallel', () => {
  it('fails with the error of the first branch that fails, and ends the others at once', async () => {
    const runtime = new FakeRuntime();
    const execution = await runStates(
      {
        A: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 100, End: true } } },
            {
              StartAt: 'C',
              States: { C: { Type: 'Wait', Seconds: 5, Next: 'C2' }, C2: { Type: 'Fail', Error: 'E', Cause: 'c' } },
            },
          ],
          Catch: catchAll.map((catcher) => ({ ...catcher, Output: '{% $states.errorOutput %}' })),
          End: true,
        },
        Caught: { Type: 'Succeed' },
      },
      { runtime },
    );

    expect(execution).toMatchObject({
      status: 'SUCCEEDED',
      output: { Error: 'E', Cause: 'c' },
      stopDate: START + 5000,
    });
    expect(types(execution)).toEqual(expect.arrayContaining(['WaitStateAborted', 'ParallelStateFailed']));
    expect(runtime.pendingTimers).toBe(0);
  });

  it('calls the task aborted whose failure ends a branch, after it has failed', async () => {
    const runtime = new FakeRuntime();
    runtime.handler = () => {
      throw new StatesError('E');
    };
    const branch = { StartAt: 'B', States: { B: { ...task, End: true } } };
    const execution = await runStates({ A: { Type: 'Parallel', Branches: [branch], End: true } }, { runtime });

    expect(types(execution).slice(-4)).toEqual([
      'TaskFailed',
      'TaskStateAborted',
      'ParallelStateFailed',
      'ExecutionFailed',
    ]);
  });

  it('ends everything inside when the execution is stopped, innermost first', async () => {
    const runtime = new FakeRuntime();
    const wait = { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 100, End: true } } };
    const execution = begin(define({ A: { Type: 'Parallel', Branches: [wait], End: true } }), runtime);
    await runtime.advance(1);

    execution.stop();

    expect(types(execution).slice(-3)).toEqual(['WaitStateAborted', 'ParallelStateAborted', 'ExecutionAborted']);
    expect(runtime.pendingTimers).toBe(0);
  });
});
