// Each type of state: what it makes of its input, and what the history says of it.
import { describe, expect, it } from '@jest/globals';
import { begin, define, FakeRuntime, INVOKE, runStates, START, types } from './fake-runtime.ts';

const invoke = { Type: 'Task', Resource: INVOKE };
const lambda = { ...invoke, End: true };

describe('outputs', () => {
  it.each<{ name: string; states: Record<string, unknown>; input?: unknown; output: unknown }>([
    { name: 'Pass hands its input on', states: { A: { Type: 'Pass', End: true } }, input: { a: 1 }, output: { a: 1 } },
    {
      name: 'Pass evaluates expressions anywhere in Output',
      states: {
        A: {
          Type: 'Pass',
          End: true,
          Output: { sum: '{% $states.input.a + 1 %}', list: [1, '{% $states.input.a %}'] },
        },
      },
      input: { a: 1 },
      output: { sum: 2, list: [1, 1] },
    },
    {
      name: 'an expression may be the whole Output',
      states: { A: { Type: 'Pass', End: true, Output: '{% $states.input.a %}' } },
      input: { a: [1, 2] },
      output: [1, 2],
    },
    {
      name: 'text that only contains braces is text',
      states: { A: { Type: 'Pass', End: true, Output: { text: 'a {% b %} c' } } },
      output: { text: 'a {% b %} c' },
    },
    {
      name: 'an expression may span lines',
      states: { A: { Type: 'Pass', End: true, Output: '{% (\n  $x := $states.input.a;\n  $x * 2\n) %}' } },
      input: { a: 4 },
      output: 8,
    },
    {
      name: 'Succeed ends with its Output',
      states: { A: { Type: 'Succeed', Output: { done: true } } },
      output: { done: true },
    },
    { name: 'Succeed without Output ends with its input', states: { A: { Type: 'Succeed' } }, input: [1], output: [1] },
    {
      name: 'states follow one another by Next',
      states: {
        A: { Type: 'Pass', Output: { n: 1 }, Next: 'B' },
        B: { Type: 'Pass', Output: '{% $states.input.n + 1 %}', End: true },
      },
      output: 2,
    },
    {
      name: 'the result of a Task is its output',
      states: { A: lambda },
      output: { StatusCode: 200, Payload: { ok: true } },
    },
    {
      name: 'Output of a Task sees $states.result',
      states: { A: { ...lambda, Output: '{% $states.result.Payload.ok %}' } },
      output: true,
    },
    {
      name: 'Parallel collects the outputs of its branches in order',
      states: {
        A: {
          Type: 'Parallel',
          Arguments: { n: '{% $states.input.n %}' },
          Branches: [
            {
              StartAt: 'B',
              States: {
                B: { Type: 'Wait', Seconds: 5, Next: 'B2' },
                B2: { Type: 'Pass', Output: "{% 'slow' %}", End: true },
              },
            },
            { StartAt: 'C', States: { C: { Type: 'Pass', End: true } } },
          ],
          End: true,
        },
      },
      input: { n: 1, more: 2 },
      output: ['slow', { n: 1 }],
    },
    {
      name: 'Map runs its processor for each item',
      states: {
        A: {
          Type: 'Map',
          Items: '{% $states.input.list %}',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'INLINE' },
            StartAt: 'B',
            States: { B: { Type: 'Pass', Output: '{% $states.input * 10 %}', End: true } },
          },
          End: true,
        },
      },
      input: { list: [1, 2, 3] },
      output: [10, 20, 30],
    },
    {
      name: 'ItemSelector sees the item and the input of the Map',
      states: {
        A: {
          Type: 'Map',
          Items: [10, '{% $states.input.second %}'],
          ItemSelector: {
            index: '{% $states.context.Map.Item.Index %}',
            value: '{% $states.context.Map.Item.Value %}',
            all: '{% $states.input.second %}',
          },
          ItemProcessor: {
            StartAt: 'B',
            States: {
              B: {
                Type: 'Pass',
                Output: '{% [$states.input.index, $states.context.Map.Item.Value, $states.input.all] %}',
                End: true,
              },
            },
          },
          End: true,
        },
      },
      input: { second: 20 },
      output: [
        [0, 10, 20],
        [1, 20, 20],
      ],
    },
    {
      name: 'Map of nothing is an empty list',
      states: {
        A: {
          Type: 'Map',
          Items: [],
          ItemProcessor: { StartAt: 'B', States: { B: { Type: 'Pass', End: true } } },
          End: true,
        },
      },
      output: [],
    },
  ])('$name', async ({ states, input, output }) => {
    const runtime = new FakeRuntime();
    runtime.handler = () => ({ StatusCode: 200, Payload: { ok: true } });

    const execution = await runStates(states, { runtime, input: input ?? {} });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', error: undefined, defects: [] });
    expect(execution.output).toEqual(output);
  });
});

describe('Choice', () => {
  const states = {
    Route: {
      Type: 'Choice',
      Choices: [
        { Condition: "{% $states.input.to = 'a' %}", Next: 'A', Output: { by: 'rule' }, Assign: { seen: 'rule' } },
        { Condition: "{% $states.input.to = 'b' %}", Next: 'B' },
        { Condition: "{% $states.input.to in ['a', 'b', 'c'] %}", Next: 'C' },
      ],
      Default: 'D',
      Output: { by: 'default' },
      Assign: { seen: 'default' },
    },
    ...Object.fromEntries(
      ['A', 'B', 'C', 'D'].map((name) => [
        name,
        { Type: 'Pass', Output: `{% ['${name}', $states.input, $exists($seen) ? $seen : ''] %}`, End: true },
      ]),
    ),
  };

  it.each([
    { to: 'a', output: ['A', { by: 'rule' }, 'rule'], because: 'the first rule that is true wins' },
    { to: 'b', output: ['B', { to: 'b' }, ''], because: 'a rule without Output hands on the input' },
    { to: 'c', output: ['C', { to: 'c' }, ''], because: 'rules are tried in order' },
    {
      to: 'z',
      output: ['D', { by: 'default' }, 'default'],
      because: "the state's own Output and Assign are for Default",
    },
  ])('goes on for $to: $because', async ({ to, output }) => {
    const execution = await runStates(states, { input: { to } });

    expect(execution.output).toEqual(output);
  });

  it('fails with States.NoChoiceMatched when no rule matches and there is no Default', async () => {
    const execution = await runStates({
      Route: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'A' }] },
      A: { Type: 'Succeed' },
    });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  it.each(['{% 1 %}', "{% 'true' %}", '{% $states.input.missing %}'])(
    'does not take %s for a boolean',
    async (Condition) => {
      const execution = await runStates({
        Route: { Type: 'Choice', Choices: [{ Condition, Next: 'A' }], Default: 'A' },
        A: { Type: 'Succeed' },
      });

      expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    },
  );
});

describe('Wait', () => {
  it.each([
    { until: { Seconds: 90 }, seconds: 90 },
    { until: { Seconds: 0 }, seconds: 0 },
    { until: { Seconds: '{% $states.input.n * 2 %}' }, seconds: 14 },
    { until: { Timestamp: '2026-01-01T00:01:00Z' }, seconds: 60 },
    { until: { Timestamp: '{% $fromMillis($millis() + 5000) %}' }, seconds: 5 },
    { until: { Timestamp: '2025-01-01T00:00:00Z' }, seconds: 0 },
  ])('waits $seconds s for $until', async ({ until, seconds }) => {
    const runtime = new FakeRuntime();

    const execution = await runStates({ A: { Type: 'Wait', ...until, End: true } }, { runtime, input: { n: 7 } });

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { n: 7 }, stopDate: START + seconds * 1000 });
  });

  it.each([
    { Seconds: '{% -1 %}' },
    { Seconds: '{% 1.5 %}' },
    { Seconds: "{% '5' %}" },
    { Timestamp: "{% 'tomorrow' %}" },
    { Timestamp: "{% '2016-12-05 21:29:29Z' %}" },
    { Timestamp: "{% '2016-12-05T21:29:29' %}" },
    { Timestamp: "{% '2016-12-05' %}" },
  ])('refuses to wait for %j', async (until) => {
    const execution = await runStates({ A: { Type: 'Wait', ...until, End: true } });

    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
});

it('cannot wait for longer than 24,855 days', async () => {
  const execution = await runStates({ A: { Type: 'Wait', Timestamp: '2095-01-01T00:00:00Z', End: true } });

  expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
});

it.each([null, 5, true, [1, 2], 'text'])('an Output may be %j', async (output) => {
  const execution = await runStates({ A: { Type: 'Pass', Output: output, End: true } });

  expect(execution).toMatchObject({ status: 'SUCCEEDED', output });
});

describe('Fail', () => {
  it.each([
    { state: { Error: 'Forced', Cause: 'no time left' }, error: 'Forced', cause: 'no time left' },
    {
      state: { Error: '{% $states.input.e %}', Cause: "{% 'because ' & $states.input.e %}" },
      error: 'E',
      cause: 'because E',
    },
    { state: {}, error: undefined, cause: undefined },
    {
      state: { Error: '{% 5 %}' },
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining('must return a string'),
    },
  ])('fails the execution for $state', async ({ state, error, cause }) => {
    const execution = await runStates({ A: { Type: 'Fail', ...state } }, { input: { e: 'E' } });

    expect(execution).toMatchObject({ status: 'FAILED', error, cause, output: undefined });
  });
});

describe('context', () => {
  it('is what AWS puts there', async () => {
    const runtime = new FakeRuntime();

    const execution = await runStates(
      { A: { Type: 'Wait', Seconds: 2, Next: 'B' }, B: { Type: 'Pass', Output: '{% $states.context %}', End: true } },
      { runtime, input: { a: 1 } },
    );

    expect(execution.output).toEqual({
      Execution: {
        Id: execution.arn,
        Name: 'one',
        Input: { a: 1 },
        RedriveCount: 0,
        RoleArn: 'arn:aws:iam::111122223333:role/machine',
        StartTime: '2026-01-01T00:00:00.000Z',
      },
      StateMachine: { Id: execution.stateMachine.arn, Name: 'machine' },
      State: { Name: 'B', EnteredTime: '2026-01-01T00:00:02.000Z' },
    });
  });

  it('is handed to the call of a task', async () => {
    const runtime = new FakeRuntime();

    const execution = await runStates(
      { A: { ...lambda, Arguments: { FunctionName: 'f', Payload: { a: '{% $states.input.a %}' } } } },
      { runtime, input: { a: 1 } },
    );

    expect(runtime.calls).toEqual([
      {
        resource: INVOKE,
        arguments: { FunctionName: 'f', Payload: { a: 1 } },
        state: 'A',
        execution: { arn: execution.arn, name: 'one', startTime: START, input: { a: 1 } },
        at: START,
      },
    ]);
  });
});

describe('history', () => {
  it('uses the names of AWS and counts a transition per state entered', async () => {
    const seen: string[] = [];
    const runtime = new FakeRuntime();
    const definition = define({
      A: { ...invoke, Next: 'B' },
      B: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'C' }] },
      C: { Type: 'Wait', Seconds: 1, Next: 'D' },
      D: { Type: 'Succeed' },
    });

    const execution = begin(
      definition,
      runtime,
      {},
      { onEvent: ({ id, type, state }) => seen.push(`${id} ${type} ${state ?? ''}`) },
    );
    await runtime.finish();

    expect(seen).toEqual([
      '1 ExecutionStarted ',
      '2 TaskStateEntered A',
      '3 TaskScheduled A',
      '4 TaskStarted A',
      '5 TaskSucceeded A',
      '6 TaskStateExited A',
      '7 ChoiceStateEntered B',
      '8 ChoiceStateExited B',
      '9 WaitStateEntered C',
      '10 WaitStateExited C',
      '11 SucceedStateEntered D',
      '12 SucceedStateExited D',
      '13 ExecutionSucceeded ',
    ]);
    expect(execution).toMatchObject({ transitions: 4, retries: 0, startDate: START, stopDate: START + 1000 });
  });

  it('shows the iterations of a Map', async () => {
    const execution = await runStates({
      A: {
        Type: 'Map',
        Items: [1],
        ItemProcessor: { StartAt: 'B', States: { B: { Type: 'Pass', End: true } } },
        End: true,
      },
    });

    expect(types(execution)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
      'PassStateEntered',
      'PassStateExited',
      'MapIterationSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
    expect(execution.transitions).toBe(2);
  });
});
