// What an adoption asks of instances, and what it takes for an answer to `init`.
import { describe, expect, it } from '@jest/globals';

import { inspectOf, labelOf, publishOf, published, surveyOf } from '../../../../src/core/adopt/commands.ts';
import type { AdoptedNode } from '../../../../src/core/adopt/facts.ts';
import { LEADER, NOW, TOKEN_KEY } from '../../support/examples.ts';
import { SWARM, addressOf, instanceOf, nodeOf } from '../../support/adopt-facts.ts';

const TOLD = { cluster: 'demo', stage: 'dev', tokenKey: TOKEN_KEY, now: NOW };
const REF = { swarmId: SWARM, epoch: 2 };
const MEMBER: AdoptedNode = {
  ...{ instance: instanceOf(4), group: 'workers', role: 'worker', zone: 'eu-west-1a' },
  ...{ nodeId: nodeOf(4), address: `${addressOf(4)}:2377`, availability: 'drain' },
};

describe('an adoption', () => {
  it('asks an instance what its engine says of itself', () => {
    expect(surveyOf(TOLD, instanceOf(4))).toMatchObject({
      ...{ verb: 'survey', target: instanceOf(4) },
      parameters: { instanceId: instanceOf(4), volumes: 'no' },
    });
  });

  it('asks the leader for the nodes of that very swarm, from so many on', () => {
    expect(inspectOf(TOLD, instanceOf(1), REF, 400)).toMatchObject({
      ...{ verb: 'inspect', target: instanceOf(1) },
      parameters: { swarmId: SWARM, epoch: '2', offset: '400' },
    });
  });

  it('has the leader publish the tokens of the swarm that there is, with what it was founded with', () => {
    const config = { addressPool: '172.30.0.0/16', subnetSize: 26, dataPathPort: 4790 };
    const { verb, target, parameters } = publishOf(TOLD, {
      ...{ ...REF, config, managers: LEADER.managers, founder: undefined },
      leader: LEADER.leader,
    });
    expect([verb, target]).toEqual(['init', LEADER.leader.instance]);
    expect(parameters).toMatchObject({
      ...{ stage: 'dev', instanceId: LEADER.leader.instance, swarmId: SWARM, tokenKey: TOKEN_KEY },
      ...{ addressPool: '172.30.0.0/16', subnetSize: '26', dataPathPort: '4790' },
    });
  });

  it('labels a node by a manager, where EC2 has it, and leaves its availability as it is', () => {
    const { verb, target, parameters } = labelOf(TOLD, MEMBER, REF, LEADER.managers);
    expect([verb, target]).toEqual(['confirm', LEADER.leader.instance]);
    expect(parameters).toMatchObject({
      ...{ instanceId: instanceOf(4), nodeId: nodeOf(4), addresses: addressOf(4), availability: 'keep' },
      ...{ swarmId: SWARM, epoch: '2' },
    });
    expect(parameters['labels']?.split(',')).toEqual(
      expect.arrayContaining([`skep.instance=${instanceOf(4)}`, 'skep.group=workers', 'skep.zone=eu-west-1a']),
    );
  });
});

describe('what is recorded of a swarm', () => {
  const ANSWER = { swarmId: SWARM, caDigest: 'd'.repeat(50), worker: 'a'.repeat(64), manager: '0'.repeat(64) };

  it('is what init tells, and no more', () => {
    expect(published.parse({ ...ANSWER, token: 'SWMTKN' })).toEqual(ANSWER);
  });

  it.each<[what: string, changes: Readonly<Record<string, unknown>>]>([
    ['a swarm id that is too short', { swarmId: 's'.repeat(24) }],
    ['a swarm id that is too long', { swarmId: 's'.repeat(26) }],
    ['a swarm id with capitals', { swarmId: 'S'.repeat(25) }],
    ['a CA that is too short', { caDigest: 'd'.repeat(49) }],
    ['a CA that is too long', { caDigest: 'd'.repeat(51) }],
    ['a CA with other characters', { caDigest: '-'.repeat(50) }],
    ['a token where its digest is wanted', { worker: 'SWMTKN-1' }],
    ['a digest that is too long', { manager: '0'.repeat(65) }],
    ['no digest', { manager: undefined }],
  ])('is not %s', (_what, changes) => {
    expect(published.safeParse({ ...ANSWER, ...changes }).success).toBe(false);
  });
});
