import { describe, expect, it } from '@jest/globals';

import { decide } from '../../../../src/core/steps/decide.ts';
import { nodeFacts } from '../../../../src/core/steps/verbs.ts';
import type { Facts } from '../../../../src/core/steps/step.ts';
import { INSTANCE, NODE_ID, OTHER_INSTANCE, planOf } from '../../support/examples.ts';
import { LATE, factsOf, item, stepOf, swarm } from '../../support/steps.ts';

const OWN = ['10.0.1.12', '10.0.9.12', '203.0.113.7'];
const sees = (address: string): ReturnType<typeof item> =>
  item('Confirm', {
    result: {
      ok: false,
      error: 'OtherAddress',
      cause: `the managers see node ${NODE_ID} at ${address}, which EC2 does not have for ${INSTANCE} (exit code 58; nothing)`,
      retryable: true,
    },
  });
const labelled = (number: number): ReturnType<typeof item> =>
  item('Confirm', {
    try: number,
    result: { ok: false, error: 'WrongInstance', cause: 'it is labelled', retryable: true },
  });

const told = (address: string): ReturnType<typeof stepOf> =>
  stepOf('confirm', { attempt: 1, ask: { node: nodeFacts.parse({ nodeId: NODE_ID, zone: 'eu-west-1a', address }) } });
const decided = (facts: Partial<Facts>, address = '10.0.1.12:2377'): ReturnType<typeof decide> =>
  decide(told(address), factsOf({ swarm, candidates: [], item: item('Confirm', { try: 1 }), earlier: null, ...facts }));
const sentAddresses = (facts: Partial<Facts>): unknown => {
  const decision = decided(facts);
  return decision.kind === 'send' ? decision.command.parameters['addresses'] : decision;
};

const NOTHING_IS_ITS_OWN = { on: 'node', nodeId: 'none', address: 'none' };

describe('the node that an instance has named', () => {
  it('is compared with what EC2 says of the instance before a manager is asked', () => {
    expect(decided({})).toEqual({ kind: 'ask', fact: 'addresses' });
    expect(decide(stepOf('confirm'), factsOf({ swarm }))).toEqual({ kind: 'ask', fact: 'addresses' });
  });

  it('is compared by all addresses of the instance', () => {
    expect(sentAddresses({ addresses: OWN })).toBe(OWN.join(','));
  });

  it('waits where EC2 does not show the instance yet', () => {
    expect(decided({ addresses: [] })).toMatchObject({
      ...{ kind: 'give up', error: 'AwsUnavailable' },
      cause: `EC2 tells no address of ${INSTANCE} yet: its node is confirmed when it does`,
    });
  });

  it('is not confirmed where it is told to be at an address that the instance does not have', () => {
    expect(decided({ addresses: OWN }, '10.0.1.99:2377')).toEqual({
      kind: 'give up',
      error: 'NodeOfAnother',
      cause: `${INSTANCE} says that its node is at 10.0.1.99, and EC2 has it at ${OWN.join(', ')}`,
      note: NOTHING_IS_ITS_OWN,
    });
  });

  it.each(['10.0.9.12:2377', '203.0.113.7', 'none'])('may be told to be at %s', (address) => {
    expect(decided({ addresses: OWN }, address)).toMatchObject({ kind: 'send' });
  });

  it('is looked up where the managers see it elsewhere', () => {
    expect(decided({ addresses: OWN, item: sees('10.0.1.99') })).toEqual({
      kind: 'ask',
      fact: 'whose',
      address: '10.0.1.99',
      nodeId: NODE_ID,
    });
  });

  it('is that of the instance at whose address it is, whoever has named it', () => {
    const whose = { instances: [OTHER_INSTANCE], namedBy: [INSTANCE] };
    expect(decided({ addresses: OWN, item: sees('10.0.1.99'), whose })).toEqual({
      kind: 'give up',
      error: 'NodeOfAnother',
      cause: `${INSTANCE} says that it is node ${NODE_ID}, which is at 10.0.1.99 and so that of ${OTHER_INSTANCE}`,
      note: NOTHING_IS_ITS_OWN,
    });
  });

  it('is its own at an address that it has got a moment ago', () => {
    const whose = { instances: [INSTANCE], namedBy: [OTHER_INSTANCE] };
    expect(sentAddresses({ addresses: OWN, item: sees('10.0.1.99'), whose })).toBe(['10.0.1.99', ...OWN].join(','));
  });

  it.each(['192.0.2.1', '-'])('at %s, which is nobody’s, is its own as long as nobody else has named it', (address) => {
    const facts = { addresses: OWN, item: sees(address) };
    for (const namedBy of [[INSTANCE], []]) {
      const whose = { instances: [], namedBy };
      expect(sentAddresses({ ...facts, whose })).toBe([address, ...OWN].join(','));
    }
    const whose = { instances: [], namedBy: [INSTANCE, OTHER_INSTANCE] };
    expect(decided({ ...facts, whose })).toMatchObject({ error: 'NodeOfAnother' });
  });

  it('is another’s where its label says so to two managers', () => {
    expect(decided({ addresses: OWN, item: labelled(1) })).toMatchObject({ kind: 'send' });
    expect(decided({ addresses: OWN, item: labelled(2) })).toMatchObject({
      error: 'NodeOfAnother',
      cause: 'it is labelled',
    });
  });

  it.each(['NotReady', 'NodeDown'])(
    'is not another’s where two managers have said %s of it, and nothing of its label',
    (error) => {
      const result = { ok: false, error, cause: 'c', retryable: true } as const;
      expect(decided({ addresses: OWN, item: item('Confirm', { try: 2, result }) })).toMatchObject({ kind: 'send' });
    },
  );

  it('is looked up only where the managers see it elsewhere, whatever else a failure says', () => {
    const { result } = sees('10.0.1.99');
    const other = item('Confirm', { result: { ...result, error: 'NotReady' } });
    expect(sentAddresses({ addresses: OWN, item: other })).toBe(OWN.join(','));
  });

  it('is compared also where the plan has no deadline', () => {
    const { v, route, because, cluster, instance, swarm: planned } = planOf() as Required<ReturnType<typeof planOf>>;
    const plan = { v, route, because, cluster, instance, swarm: planned };
    expect(decide(stepOf('confirm', { plan }), factsOf({ swarm }))).toEqual({ kind: 'ask', fact: 'addresses' });
  });

  it('is nobody’s question past the deadline', () => {
    expect(decided({ now: LATE, hold: null })).toMatchObject({ kind: 'give up', error: 'Unconfirmed' });
  });
});
