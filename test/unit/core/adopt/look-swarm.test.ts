// What is found of the swarm itself, and of what the table has of the cluster.
import { describe, expect, it } from '@jest/globals';

import type { VpcFacts } from '../../../../src/core/adopt/facts.ts';
import { leadingOf } from '../../../../src/core/adopt/facts.ts';
import { swarmFindings } from '../../../../src/core/adopt/look-swarm.ts';
import { matchNodes } from '../../../../src/core/adopt/match.ts';
import {
  FOUNDED,
  SWARM,
  adoptFacts,
  instanceOf,
  nodeOf,
  said,
  seen,
  shown,
  swarmNode,
  tableOf,
} from '../../support/adopt-facts.ts';
import type { Changes } from '../../support/adopt-facts.ts';

const base = adoptFacts();
const OTHER = 'o'.repeat(25);

function found(changes: Changes) {
  const facts = adoptFacts(changes);
  const leading = leadingOf(facts);
  const { members } = matchNodes(facts, leading);
  return swarmFindings(facts, leading, members).map(({ name, about, because }) => [name, about, because]);
}
const pools = (...all: string[]): Changes => said(1, { founded: { ...FOUNDED, pools: all } });
const routes = (...all: VpcFacts['tables'][number]['routes']): Changes => ({
  network: { seen: { tables: [tableOf({ routes: all })], endpoints: [] } },
});
const recorded = (swarmId: string): Changes => ({ state: { status: 'founded', swarmId, caDigest: 'c' } });

describe('a swarm', () => {
  it.each<[what: string, changes: Changes, name: string, because: string]>([
    [
      'that no manager leads',
      { surveys: new Map() },
      'NoLeader',
      'no instance of a manager group has a leader, and tells what its swarm was founded with',
    ],
    [
      'other than the one on record',
      recorded(OTHER),
      'FoundedAlready',
      `it has swarm ${OTHER}, and these instances are in ${SWARM}`,
    ],
    [
      'while somebody else founds one for the cluster',
      { state: { status: 'new' }, founder: 'i-0000000000000dead' },
      'FoundingUnderWay',
      'i-0000000000000dead has begun to found a swarm for it',
    ],
    [
      'that locks its managers',
      said(1, { founded: { ...FOUNDED, autolock: true } }),
      'Autolock',
      `swarm ${SWARM} locks its managers`,
    ],
    [
      'of which a pool has the address of one instance',
      pools('172.30.0.0/16', '10.0.1.4/32'),
      'PoolOverlaps',
      'its address pool 10.0.1.4/32 has the addresses of instances',
    ],
    [
      'of which a pool has a part of the VPC without an instance',
      routes({ network: '0.0.0.0/0', gateway: 'other' }, { network: '172.30.128.0/20', gateway: 'local' }),
      'PoolOverlaps',
      "its address pool 172.30.0.0/16 overlaps 172.30.128.0/20, which is the VPC's",
    ],
  ])('%s is told', (_what, changes, name, because) => {
    expect(found(changes)).toEqual([[name, 'demo', because]]);
  });

  it.each<[what: string, changes: Changes]>([
    ['is the one on record', recorded(SWARM)],
    ['has one of its nodes for a founder', { state: { status: 'new' }, founder: instanceOf(2) }],
    ['has a pool that a peer of the VPC has', routes({ network: '172.30.0.0/16', gateway: 'other' })],
    ['has a pool that is no network', pools('10.0.1.300/8')],
    ['is in a VPC with networks of IPv6', routes({ network: 'fd00::/8', gateway: 'local' })],
    ['is where a person may not look at routes', { network: { unseen: 'AWS denies it' } }],
  ])('is in order that %s', (_what, changes) => {
    expect(found(changes)).toEqual([]);
  });

  it('has an instance without an address, which no pool overlaps', () => {
    expect(found({ ...shown(5, { privateIp: undefined }), ...pools('10.0.1.5/32') })).toEqual([
      ['NodeOutside', nodeOf(5), 'a worker that is ready, and no instance here'],
    ]);
  });
});

describe('nodes of no group that was named', () => {
  const strangers = (count: number) =>
    Array.from({ length: count }, (_none, index) => swarmNode(5, { nodeId: `y${index}`.padEnd(25, 'y') }));
  const outside = (count: number) => found({ nodes: [...(base.nodes ?? []), ...strangers(count)] });

  it('are told one by one, with what they are', () => {
    expect(found(seen(4, { status: 'down' }))).toEqual([
      ['NodeOutside', nodeOf(4), 'a worker that is down, and no instance here'],
    ]);
    expect(outside(10)).toHaveLength(10);
  });

  it('are counted from the eleventh on', () => {
    expect(outside(12).slice(10)).toEqual([['NodeOutside', 'demo', '2 more such nodes']]);
  });

  it('count among the managers: an even number of them is told', () => {
    const more = swarmNode(3, { nodeId: OTHER });
    expect(found({ nodes: [...(base.nodes ?? []), more] })).toContainEqual([
      'EvenManagers',
      'demo',
      'the swarm has 4 managers',
    ]);
  });
});
