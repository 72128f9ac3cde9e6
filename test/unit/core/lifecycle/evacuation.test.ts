import { describe, expect, it } from '@jest/globals';

import { evacuationName, evacuationOf, togetherOf } from '../../../../src/core/lifecycle/evacuation.ts';
import { readLifecycleEvent } from '../../../../src/core/lifecycle/event.ts';
import { INSTANCE, NODE_ID, NOW, OTHER_INSTANCE } from '../../support/examples.ts';

const LEAVER = `${NODE_ID}@${OTHER_INSTANCE}`;
const of = (together: readonly string[], stage = 'dev') =>
  evacuationOf({
    stage,
    cluster: 'prod',
    node: { instance: INSTANCE, group: 'workers', role: 'worker' },
    together,
    now: NOW,
  });

describe('the event of an instance that AWS takes', () => {
  it('is read as one of its terminate hook, with which nodes go too, and nothing waits for its token', () => {
    expect(readLifecycleEvent('dev', of([LEAVER]))).toMatchObject({
      kind: 'act',
      action: {
        ...{ kind: 'terminate', instance: INSTANCE, group: 'workers', hook: 'skep-dev-terminate', time: NOW },
        ...{ cluster: 'prod', role: 'worker', actionToken: undefined, timeout: 1800, patience: 600 },
        warned: { together: [LEAVER] },
      },
    });
  });

  it('is none of another stage', () => {
    expect(readLifecycleEvent('dev', of([LEAVER], 'prod'))).toMatchObject({ kind: 'ignore' });
  });

  it('names no more nodes than a command takes: the drain of each is what counts', () => {
    const event = readLifecycleEvent('dev', of(Array.from({ length: 301 }, () => LEAVER)));

    expect(event).toMatchObject({
      kind: 'act',
      action: { warned: { together: Array.from({ length: 300 }, () => LEAVER) } },
    });
  });

  it('has one name however often the warning comes', () => {
    expect(evacuationName(INSTANCE, NOW)).toBe(`warned-${INSTANCE}-${NOW}`);
  });
});

describe('the nodes that go together', () => {
  it.each<[string, unknown, readonly string[] | undefined]>([
    ['are a list of nodes with their instances', [LEAVER], [LEAVER]],
    ['may be nobody', [], []],
    ['need not be named', undefined, undefined],
    ['are nobody where it is no list', LEAVER, undefined],
    ['are nobody where one of them has no instance', [LEAVER, NODE_ID], undefined],
    ['are nobody where one of them is no node', [`node@${OTHER_INSTANCE}; x`, `$(x)@${OTHER_INSTANCE}`], undefined],
    ['are nobody where one of them is no instance', [`${NODE_ID}@x`], undefined],
    ['are nobody where one of them says more', [`${LEAVER}@x`], undefined],
    ['are nobody where they are too many', Array.from({ length: 301 }, () => LEAVER), undefined],
  ])('%s', (_what, told, expected) => {
    expect(togetherOf.parse(told)).toEqual(expected);
  });
});
