import { describe, expect, it } from '@jest/globals';

import { graphOf, pathOf, pictureOf } from '../../../cli/page/graph.ts';

const definition = JSON.stringify({
  StartAt: 'Claim',
  States: {
    Claim: { Type: 'Task', Next: 'Which', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }] },
    Which: {
      Type: 'Choice',
      Choices: [
        { Condition: 'x', Next: 'Claim' },
        { Condition: 'y', Next: 'Done' },
      ],
      Default: 'Done',
    },
    Done: { Type: 'Succeed' },
    Failed: { Type: 'Fail' },
  },
});

describe('the graph of a machine', () => {
  it('has each state, and each way from one to another once', () => {
    const { states, edges } = graphOf(definition);
    expect(states.map(({ name }) => name)).toEqual(['Claim', 'Which', 'Done', 'Failed']);
    expect(edges.toSorted((a, b) => `${a.from}${a.to}`.localeCompare(`${b.from}${b.to}`))).toEqual([
      { from: 'Claim', to: 'Failed', caught: true },
      { from: 'Claim', to: 'Which', caught: false },
      { from: 'Which', to: 'Claim', caught: false },
      { from: 'Which', to: 'Done', caught: false },
    ]);
  });

  it('is laid out without one state on another', () => {
    const { states, width, height } = pictureOf(graphOf(definition));
    expect(width).toBeGreaterThan(0);
    expect(height).toBeGreaterThan(0);
    for (const a of states) {
      for (const b of states) {
        const apart =
          Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
        expect(a.name === b.name || apart).toBe(true);
      }
    }
  });

  it('is refused for what is no definition', () => {
    expect(() => graphOf('{"States": 1}')).toThrow();
  });
});

describe('the way of an execution', () => {
  const event = (type: string, at: number, state?: string): Parameters<typeof pathOf>[0][number] => ({
    type,
    at,
    state,
  });

  it('has each visit, and when it was left: by its exit, or by the next state after an error', () => {
    const history = [
      event('ExecutionStarted', 0),
      event('TaskStateEntered', 0, 'Claim'),
      event('TaskStateExited', 1, 'Claim'),
      event('ChoiceStateEntered', 1, 'Which'),
      event('ChoiceStateExited', 1, 'Which'),
      event('TaskStateEntered', 1, 'Claim'),
      event('FailStateEntered', 4, 'Failed'),
      event('ExecutionFailed', 5),
    ];
    expect(pathOf(history)).toEqual([
      { state: 'Claim', at: 0, left: 1 },
      { state: 'Which', at: 1, left: 1 },
      { state: 'Claim', at: 1, left: 4 },
      { state: 'Failed', at: 4, left: null },
    ]);
  });
});
