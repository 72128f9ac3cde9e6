// JSONata as Step Functions has it: 2.0.6, its own functions, no clock and no dice but the runtime's.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StatesError } from '../../../../lab/aws/states/errors.ts';
import { compileTemplate, evaluate } from '../../../../lab/aws/states/expression.ts';
import { functionsOf } from '../../../../lab/aws/states/functions.ts';
import { FakeRuntime, runStates, START } from './fake-runtime.ts';

/** The value of one expression, or the error that a state would fail with. */
async function valueOf(expression: string, input: unknown = {}, runtime = new FakeRuntime()): Promise<unknown> {
  const template = compileTemplate(`{% ${expression} %}`, 'States.A.Output', 'Output');
  const bindings = { ...functionsOf(runtime), states: { input, context: {} } };
  try {
    return await evaluate(template, { place: "the state 'A'", bindings });
  } catch (thrown) {
    if (thrown instanceof StatesError) return { error: thrown.error, cause: thrown.cause };
    throw thrown;
  }
}

describe('functions of Step Functions', () => {
  it.each<[string, unknown]>([
    ['$partition([1..5], 2)', [[1, 2], [3, 4], [5]]],
    ['$partition([], 2)', []],
    ['$range(0, 10, 5)', [0, 5, 10]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ['$range(1, 1, 1)', 1],
    ['$count($range(1, 1000, 1))', 1000],
    ["$hash('abc', 'SHA-1')", 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ["$hash('abc', 'MD5')", '900150983cd24fb0d6963f7d28e17f72'],
    ["$length($hash('abc', 'SHA-512'))", 128],
    ['$parse(\'{"a": [1, null]}\')', { a: [1, null] }],
    ['$random(7) = $random(7)', true],
    ['$random(7) != $random(8)', true],
    ['$random()', 0.5],
    ['$uuid()', '88888888-8888-4888-a888-888888888888'],
    ['$millis()', START],
    ['$now()', '2026-01-01T00:00:00.000Z'],
    ["$now('[Y]/[M01]')", '2026/01'],
  ])('%s', async (expression, value) => {
    expect(await valueOf(expression)).toEqual(value);
  });

  it.each([
    '$partition([1, 2], 0)',
    "$partition([1, 2], 'a')",
    '$range(1, 10, 0)',
    '$range(1, 1001, 1)',
    '$range(1, 2)',
    "$hash('a', 'CRC32')",
    "$parse('{')",
    '$parse(1)',
    "$random('a')",
  ])('%s fails the state', async (expression) => {
    expect(await valueOf(expression)).toMatchObject({ error: 'States.QueryEvaluationError' });
  });

  it('shuffle with the dice of the runtime: the same order for the same seed', async () => {
    const shuffled = async (): Promise<unknown> => {
      const runtime = new FakeRuntime();
      const numbers = [0.9, 0.1, 0.5, 0.3];
      runtime.dice = () => numbers.shift() ?? 0;
      return valueOf('$shuffle([1, 2, 3, 4])', {}, runtime);
    };

    expect(await shuffled()).toEqual([2, 4, 3, 1]);
    expect(await shuffled()).toEqual(await shuffled());
  });
});

describe('an expression that fails', () => {
  it.each([
    ['yields nothing', '$states.input.missing', 'returned nothing (undefined)'],
    ['reads the input without $states', 'input', 'returned nothing (undefined)'],
    ['reads the root', '$', 'returned nothing (undefined)'],
    ['names an unknown variable', '$nowhere', 'returned nothing (undefined)'],
    ['has a type error', "1 + 'a'", 'T2002'],
    ['raises an error', "$error('no good')", 'no good'],
    ['yields a function', '$sum', 'a function is not JSON'],
    ['hides a function', "{'f': [function($x) { $x }]}", 'a function is not JSON'],
    ['divides by nothing', '1 / 0', 'Infinity is not a number'],
  ])('%s', async (_, expression, cause) => {
    expect(await valueOf(expression, { a: 1 })).toEqual({
      error: 'States.QueryEvaluationError',
      cause: expect.stringContaining(cause),
    });
  });

  it('is named in the cause with its field, its state and the event of its entry', async () => {
    const execution = await runStates({ A: { Type: 'Pass', Output: { list: [{ x: '{% $nowhere %}' }] }, End: true } });

    expect(execution.cause).toBe(
      "An error occurred while executing the state 'A' (entered at the event id #2). " +
        "The JSONata expression '$nowhere' specified for the field 'Output/list[0]/x' returned nothing (undefined).",
    );
  });

  it('leaves out a field inside of an object constructor, as JSONata does', async () => {
    expect(await valueOf("{'a': $nowhere, 'b': 1}")).toEqual({ b: 1 });
  });
});

describe('values', () => {
  it('pass through an expression unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (value) => {
        expect(JSON.stringify(await valueOf('$states.input', value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('of one state are not changed by another that worked on them', async () => {
    const execution = await runStates(
      {
        A: { Type: 'Pass', Assign: { list: '{% $states.input.list %}' }, Next: 'B' },
        B: { Type: 'Pass', Output: '{% $append($list, 4)^(>$) %}', Next: 'C' },
        C: { Type: 'Succeed', Output: '{% [[$list], [$states.input], [$states.context.Execution.Input.list]] %}' },
      },
      { input: { list: [1, 2, 3] } },
    );

    expect(execution.output).toEqual([
      [1, 2, 3],
      [4, 3, 2, 1],
      [1, 2, 3],
    ]);
  });
});
