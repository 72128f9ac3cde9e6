import { describe, expect, it } from '@jest/globals';

import { decide } from '../../../../src/core/steps/decide.ts';
import type { Facts, Step } from '../../../../src/core/steps/step.ts';
import { VERBS } from '../../../../src/core/names.ts';
import type { Verb } from '../../../../src/core/names.ts';
import { UNITS } from '../../../../src/core/steps/verbs/all.ts';
import { INSTANCE, NODE_ID, OTHER_INSTANCE } from '../../support/examples.ts';
import { factsOf, item, stepOf, swarm } from '../../support/steps.ts';

const OWN = ['10.0.1.12', '10.0.9.12'];
const SEEN = '10.0.1.99';
const TAKE_OUT = ['drain', 'forget', 'demote'] as const;
const OF_WORKERS = ['drain', 'forget'] as const;

const nameOf = ({ key }: Step): string => key.step;
const sees = (verb: Verb, address = SEEN): NonNullable<Facts['item']> =>
  item(nameOf(stepOf(verb)), {
    result: {
      ok: false,
      error: 'OtherAddress',
      cause: `the managers see node ${NODE_ID} at ${address}, which is not known to be an address of ${INSTANCE} (exit code 58; nothing)`,
      retryable: true,
    },
  });
const decided = (verb: Verb, facts: Partial<Facts>): ReturnType<typeof decide> =>
  decide(stepOf(verb, { attempt: 1 }), factsOf({ swarm, candidates: [], earlier: null, wanted: 1, ...facts }));
const sent = (verb: Verb, facts: Partial<Facts>): unknown => {
  const decision = decided(verb, facts);
  return decision.kind === 'send'
    ? { addresses: decision.command.parameters['addresses'], note: decision.note }
    : decision;
};

describe('a node that is to go', () => {
  it('is proven by each document that takes out the node which an instance has named', () => {
    const proving = VERBS.filter((verb) => UNITS[verb].provesWhoseNode !== undefined);
    expect(proving.toSorted()).toEqual([...TAKE_OUT].toSorted());
  });

  it.each(TAKE_OUT)('costs no question where its label says whose it is: %s', (verb) => {
    expect(sent(verb, { item: item('x', { owner: 'other' }) })).toEqual({ addresses: 'unasked', note: undefined });
    expect(decide(stepOf(verb), factsOf({ swarm, candidates: [], wanted: 1 }))).toMatchObject({ kind: 'send' });
  });

  it.each(TAKE_OUT)('is compared with what EC2 says of the instance where it bears none: %s', (verb) => {
    expect(decided(verb, { item: sees(verb) })).toEqual({ kind: 'ask', fact: 'addresses' });
  });

  it.each(TAKE_OUT)('goes where the managers see it at an address of the instance: %s', (verb) => {
    expect(sent(verb, { item: sees(verb, '10.0.9.12'), addresses: OWN })).toEqual({
      addresses: ['10.0.9.12', ...OWN].join(','),
      note: undefined,
    });
  });

  it.each(TAKE_OUT)('is looked up where they see it elsewhere: %s', (verb) => {
    expect(decided(verb, { item: sees(verb), addresses: OWN })).toEqual({
      kind: 'ask',
      fact: 'whose',
      address: SEEN,
      nodeId: NODE_ID,
    });
  });

  it.each(TAKE_OUT)('is left alone where another instance is there, and is no longer taken for its own: %s', (verb) => {
    for (const whose of [
      { instances: [OTHER_INSTANCE], namedBy: [INSTANCE] },
      { instances: [], namedBy: [INSTANCE, OTHER_INSTANCE] },
    ]) {
      for (const addresses of [OWN, []]) {
        expect(sent(verb, { item: sees(verb), addresses, whose })).toEqual({
          addresses: 'none',
          note: { on: 'node', nodeId: 'none', address: 'none' },
        });
      }
    }
  });

  it.each(TAKE_OUT)('goes where EC2 has the address for the instance by now: %s', (verb) => {
    const whose = { instances: [INSTANCE], namedBy: [INSTANCE] };
    expect(sent(verb, { item: sees(verb), addresses: OWN, whose })).toEqual({
      addresses: [SEEN, ...OWN].join(','),
      note: undefined,
    });
  });

  const nobodys = { instances: [], namedBy: [INSTANCE] };

  it.each(OF_WORKERS)(
    'is left to the tidy where the address is nobody’s, as that of an instance that is gone: %s',
    (verb) => {
      for (const address of [SEEN, '-']) {
        expect(sent(verb, { item: sees(verb, address), addresses: [], whose: nobodys })).toEqual({
          addresses: 'none',
          note: undefined,
        });
      }
    },
  );

  it('goes as a manager where the address is nobody’s, since a dead member counts against the quorum', () => {
    expect(sent('demote', { item: sees('demote'), addresses: [], whose: nobodys })).toEqual({
      addresses: SEEN,
      note: undefined,
    });
  });
});
