// What the loader refuses, and where it says the fault is.
import { describe, expect, it } from '@jest/globals';
import { parseDefinition } from '../../../../lab/aws/states/definition.ts';
import { DefinitionError } from '../../../../lab/aws/states/errors.ts';
import { INVOKE, INVOKE_TOKEN, machine } from './fake-runtime.ts';

const end = { Type: 'Pass', End: true };
const task = { Type: 'Task', Resource: INVOKE, End: true };
const inner = { StartAt: 'B', States: { B: end } };
const retry = (more: object): object => machine({ A: { ...task, Retry: [{ ErrorEquals: ['E'], ...more }] } });
const pass = (Output: unknown): object => machine({ A: { ...end, Output } });

describe('parseDefinition', () => {
  it.each<{ fault: string; value: unknown; path: string }>([
    { fault: 'no object', value: 'x', path: '' },
    { fault: 'no query language', value: { StartAt: 'A', States: { A: end } }, path: 'QueryLanguage' },
    { fault: 'JSONPath', value: machine({ A: end }, { QueryLanguage: 'JSONPath' }), path: 'QueryLanguage' },
    {
      fault: 'JSONPath in a state',
      value: machine({ A: { ...end, QueryLanguage: 'JSONPath' } }),
      path: 'States.A.QueryLanguage',
    },
    { fault: 'an unknown field of the machine', value: machine({ A: end }, { Colour: 'red' }), path: 'Colour' },
    { fault: 'an unknown field of a state', value: machine({ A: { ...end, Colour: 'red' } }), path: 'States.A.Colour' },
    { fault: 'a JSONPath field', value: machine({ A: { ...end, ResultPath: '$.a' } }), path: 'States.A.ResultPath' },
    { fault: 'Result, which is JSONPath', value: machine({ A: { ...end, Result: {} } }), path: 'States.A.Result' },
    { fault: 'an unknown type', value: machine({ A: { Type: 'Loop' } }), path: 'States.A.Type' },
    { fault: 'an unknown field of a retrier', value: retry({ Wait: 1 }), path: 'States.A.Retry[0].Wait' },
    {
      fault: 'an expression in a retrier',
      value: retry({ MaxAttempts: '{% 1 %}' }),
      path: 'States.A.Retry[0].MaxAttempts',
    },
    {
      fault: 'a fraction of a second',
      value: retry({ IntervalSeconds: 0.5 }),
      path: 'States.A.Retry[0].IntervalSeconds',
    },
    { fault: 'a shrinking interval', value: retry({ BackoffRate: 0.5 }), path: 'States.A.Retry[0].BackoffRate' },
    {
      fault: 'a longest delay that the first one exceeds',
      value: retry({ IntervalSeconds: 5, MaxDelaySeconds: 5 }),
      path: 'States.A.Retry[0].MaxDelaySeconds',
    },
    {
      fault: 'a longest delay of a year',
      value: retry({ MaxDelaySeconds: 31_622_400 }),
      path: 'States.A.Retry[0].MaxDelaySeconds',
    },
    {
      fault: 'States.ALL among others',
      value: retry({ ErrorEquals: ['States.ALL', 'E'] }),
      path: 'States.A.Retry[0].ErrorEquals',
    },
    {
      fault: 'a made-up error of States',
      value: retry({ ErrorEquals: ['E', 'States.Bad'] }),
      path: 'States.A.Retry[0].ErrorEquals[1]',
    },
    {
      fault: 'States.ALL that is not last',
      value: machine({ A: { ...task, Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }] } }),
      path: 'States.A.Retry',
    },
    {
      fault: 'an unknown field of a catcher',
      value: machine({ A: { ...task, Catch: [{ ErrorEquals: ['E'], Next: 'A', ResultPath: '$' }] } }),
      path: 'States.A.Catch[0].ResultPath',
    },
    {
      fault: 'an unknown field of a rule',
      value: machine({
        A: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'B', Variable: '$.a' }] },
        B: end,
      }),
      path: 'States.A.Choices[0].Variable',
    },
    {
      fault: 'Output of a Choice without Default',
      value: machine({
        A: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'B' }], Output: { a: 1 } },
        B: end,
      }),
      path: 'States.A.Default',
    },
    {
      fault: 'a resource that the lab has not',
      value: machine({ A: { ...task, Resource: 'arn:aws:states:::sns:publish' } }),
      path: 'States.A.Resource',
    },
    {
      fault: 'a function as resource',
      value: machine({ A: { ...task, Resource: 'arn:aws:lambda:eu-west-1:111122223333:function:f' } }),
      path: 'States.A.Resource',
    },
    {
      fault: 'startExecution that waits',
      value: machine({ A: { ...task, Resource: 'arn:aws:states:::states:startExecution.sync:2' } }),
      path: 'States.A.Resource',
    },
    {
      fault: 'no timeout at all',
      value: machine({ A: { ...task, TimeoutSeconds: 0 } }),
      path: 'States.A.TimeoutSeconds',
    },
    {
      fault: 'a heartbeat that nobody can send',
      value: machine({ A: { ...task, HeartbeatSeconds: 5 } }),
      path: 'States.A.HeartbeatSeconds',
    },
    {
      fault: 'a heartbeat longer than the timeout',
      value: machine({ A: { ...task, Resource: INVOKE_TOKEN, HeartbeatSeconds: 5, TimeoutSeconds: 5 } }),
      path: 'States.A.HeartbeatSeconds',
    },
    { fault: 'Retry of a Pass', value: machine({ A: { ...end, Retry: [] } }), path: 'States.A.Retry' },
    { fault: 'a wait for nothing', value: machine({ A: { Type: 'Wait', End: true } }), path: 'States.A' },
    {
      fault: 'a time without an offset',
      value: machine({ A: { Type: 'Wait', Timestamp: '2016-12-05T21:29:29', End: true } }),
      path: 'States.A.Timestamp',
    },
    {
      fault: 'a time without a T',
      value: machine({ A: { Type: 'Wait', Timestamp: '2016-12-05 21:29:29Z', End: true } }),
      path: 'States.A.Timestamp',
    },
    {
      fault: 'a result in the arguments',
      value: machine({ A: { ...task, Arguments: { a: ['{% $states.result %}'] } } }),
      path: 'States.A.Arguments.a[0]',
    },
    {
      fault: 'a result of a Pass',
      value: machine({ A: { ...end, Output: '{% $states.result.x %}' } }),
      path: 'States.A.Output',
    },
    {
      fault: 'a result in a Catch',
      value: machine({
        A: { ...task, Catch: [{ ErrorEquals: ['E'], Next: 'A', Assign: { a: '{% $states.result %}' } }] },
      }),
      path: 'States.A.Catch[0].Assign.a',
    },
    {
      fault: 'an error outside a Catch',
      value: machine({ A: { ...task, Output: '{% $exists($states.errorOutput) ? 1 : 2 %}' } }),
      path: 'States.A.Output',
    },
    {
      fault: 'a variable named states',
      value: machine({ A: { ...end, Assign: { states: 1 } } }),
      path: 'States.A.Assign.states',
    },
    {
      fault: 'a variable with a dollar sign',
      value: machine({ A: { ...end, Assign: { $x: 1 } } }),
      path: 'States.A.Assign.$x',
    },
    {
      fault: 'a Map without Items',
      value: machine({ A: { Type: 'Map', ItemProcessor: inner, End: true } }),
      path: 'States.A.Items',
    },
    {
      fault: 'a distributed Map',
      value: machine({
        A: { Type: 'Map', Items: [], ItemProcessor: { ...inner, ProcessorConfig: { Mode: 'DISTRIBUTED' } }, End: true },
      }),
      path: 'States.A.ItemProcessor.ProcessorConfig.Mode',
    },
    {
      fault: 'an unknown field inside a Map',
      value: machine({
        A: { Type: 'Map', Items: [], ItemProcessor: { StartAt: 'B', States: { B: { ...end, Colour: 1 } } }, End: true },
      }),
      path: 'States.A.ItemProcessor.States.B.Colour',
    },
    {
      fault: 'a timeout of a branch',
      value: machine({ A: { Type: 'Parallel', Branches: [inner, { ...inner, TimeoutSeconds: 5 }], End: true } }),
      path: 'States.A.Branches[1].TimeoutSeconds',
    },
    {
      fault: 'a branch that assigns to an outer variable',
      value: machine({
        A: { Type: 'Parallel', Branches: [{ StartAt: 'B', States: { B: { ...end, Assign: { x: 1 } } } }], Next: 'C' },
        C: { ...end, Assign: { x: 2 } },
      }),
      path: 'States.A.Branches[0].States.B',
    },
    {
      fault: 'an expression that does not parse',
      value: pass({ a: [{ b: '{% 1 + %}' }] }),
      path: 'States.A.Output.a[0].b',
    },
    { fault: '$eval', value: pass({ a: "{% $eval('1') %}" }), path: 'States.A.Output.a' },
    {
      fault: '$eval behind another name',
      value: pass({ a: "{% ($f := $eval; $f('1')) %}" }),
      path: 'States.A.Output.a',
    },
    { fault: '$$', value: pass({ a: '{% $$.input %}' }), path: 'States.A.Output.a' },
    { fault: '?? of JSONata 2.1', value: pass({ a: '{% $states.input.a ?? 1 %}' }), path: 'States.A.Output.a' },
    { fault: '?: of JSONata 2.1', value: pass({ a: '{% $states.input.a ?: 1 %}' }), path: 'States.A.Output.a' },
    { fault: 'a space before the expression', value: pass({ a: ' {% 1 %}' }), path: 'States.A.Output.a' },
    { fault: 'text after the expression', value: pass({ a: '{% 1 %} a' }), path: 'States.A.Output.a' },
    { fault: 'what is no JSON', value: pass({ a: Number.NaN }), path: 'States.A.Output.a' },
  ])('refuses $fault at $path', ({ value, path }) => {
    const parse = (): unknown => parseDefinition(value);

    expect(parse).toThrow(DefinitionError);
    expect(parse).toThrow(expect.objectContaining({ path }));
  });

  it.each<{ fault: string; states: Record<string, unknown>; says: string }>([
    {
      fault: 'a target that does not exist',
      states: { A: { Type: 'Pass', Next: 'B' } },
      says: 'MISSING_TRANSITION_TARGET',
    },
    {
      fault: 'a state that ends and goes on',
      states: { A: { ...end, Next: 'B' }, B: end },
      says: 'TERMINAL_STATE_WITH_NEXT',
    },
    { fault: 'a state that does neither', states: { A: { Type: 'Pass' } }, says: 'TERMINAL_STATE_WITH_NEXT' },
    {
      fault: 'one name twice',
      states: { A: { Type: 'Parallel', Branches: [{ StartAt: 'A', States: { A: end } }], End: true } },
      says: 'DUPLICATE_STATE_NAMES',
    },
    {
      fault: 'a way out of a branch',
      states: {
        A: { Type: 'Parallel', Branches: [{ StartAt: 'B', States: { B: { Type: 'Pass', Next: 'C' } } }], End: true },
        C: end,
      },
      says: 'TARGET',
    },
  ])('leaves it to asl-validator to refuse $fault', ({ states, says }) => {
    expect(() => parseDefinition(machine(states))).toThrow(says);
  });

  it.each<{ what: string; value: Record<string, unknown> }>([
    { what: 'comments', value: machine({ A: { ...end, Comment: 'c' } }, { Comment: 'c', Version: '1.0' }) },
    { what: 'empty strings', value: machine({ A: { ...end, Output: { a: '' } } }) },
    { what: 'text of several lines', value: machine({ A: { ...end, Output: { a: 'b\nc' } } }) },
    {
      what: 'a resource of another partition',
      value: machine({ A: { ...task, Resource: 'arn:aws-cn:states:::lambda:invoke' } }),
    },
    {
      what: 'an SDK integration',
      value: machine({ A: { ...task, Resource: 'arn:aws:states:::aws-sdk:ec2:describeInstances' } }),
    },
    {
      what: 'an SDK integration that waits',
      value: machine({
        A: { ...task, Resource: 'arn:aws:states:::aws-sdk:ssm:sendCommand.waitForTaskToken', HeartbeatSeconds: 1 },
      }),
    },
    { what: 'startExecution', value: machine({ A: { ...task, Resource: 'arn:aws:states:::states:startExecution' } }) },
  ])('takes $what', ({ value }) => {
    expect(parseDefinition(value).startAt).toBe('A');
  });

  it('does not write into what it is given', () => {
    const value = machine({ A: end });
    const before = structuredClone(value);

    parseDefinition(value);

    expect(value).toEqual(before);
  });
});
