// Whether instances reach Systems Manager from the subnets of their groups, as far as routes and endpoints say.
import { describe, expect, it } from '@jest/globals';

import type { FoundInstance, VpcFacts } from '../../../../src/core/adopt/facts.ts';
import { wayFindings, wayProblem } from '../../../../src/core/adopt/look-ways.ts';
import { adoptFacts, changed, foundInstance, OUT, tableOf } from '../../support/adopt-facts.ts';

type Table = VpcFacts['tables'][number];
const endpoint = (service: string, vpc = 'vpc-1') => ({ vpc, service: `com.amazonaws.eu-west-1.${service}` });
const INTERNET: Table['routes'][number] = { ...OUT, gateway: 'internet' };
const LOCAL: Table['routes'][number] = { network: '10.0.0.0/16', gateway: 'local' };
const BOTH = [endpoint('ssm'), endpoint('ssmmessages')];

describe('a subnet', () => {
  it.each<[what: string, tables: readonly Table[], endpoints: VpcFacts['endpoints'], problem: string | undefined]>([
    ['a default route of the main table', [tableOf({ routes: [LOCAL, OUT] })], [], undefined],
    ['no table that is known', [], [], 'subnet-a has no default route, and its VPC no endpoint of ssm and ssmmessages'],
    [
      'a table of its own, which leads nowhere',
      [tableOf({ routes: [OUT] }), tableOf({ isMain: false, subnets: ['subnet-a'], routes: [LOCAL] })],
      [],
      'subnet-a has no default route, and its VPC no endpoint of ssm and ssmmessages',
    ],
    [
      'a main table of another VPC',
      [tableOf({ vpc: 'vpc-2', routes: [OUT] })],
      [],
      'subnet-a has no default route, and its VPC no endpoint of ssm and ssmmessages',
    ],
    ['both endpoints', [tableOf()], BOTH, undefined],
    [
      'one endpoint',
      [tableOf()],
      [endpoint('ssm')],
      'subnet-a has no default route, and its VPC no endpoint of ssmmessages',
    ],
    [
      'endpoints of another VPC, and of a service of a similar name',
      [tableOf()],
      [endpoint('ssm', 'vpc-2'), endpoint('ssmmessages', 'vpc-2'), endpoint('ssm-contacts')],
      'subnet-a has no default route, and its VPC no endpoint of ssm and ssmmessages',
    ],
    [
      'an internet gateway',
      [tableOf({ routes: [INTERNET] })],
      [],
      'subnet-a reaches the internet by public addresses only, and what is launched there has none',
    ],
  ])('with %s', (_what, tables, endpoints, problem) => {
    expect(wayProblem({ tables, endpoints }, 'vpc-1', 'subnet-a', true)).toBe(problem);
  });

  it('with an internet gateway is a way for what has a public address', () => {
    expect(wayProblem({ tables: [tableOf({ routes: [INTERNET] })], endpoints: [] }, 'vpc-1', 'subnet-a', false)).toBe(
      undefined,
    );
  });
});

const NOWHERE = { seen: { tables: [tableOf()], endpoints: [] } };

describe('the subnets of a group', () => {
  it('are proven by an agent that is heard, and those without one are looked at', () => {
    expect(wayFindings(adoptFacts({ network: NOWHERE }))).toEqual([]);
    const facts = adoptFacts({ network: NOWHERE, of: { workers: { subnets: ['subnet-a', 'subnet-b'] } } });
    expect(wayFindings(facts).map(({ name, about, because }) => [name, about, because])).toEqual([
      ['NoWay', 'workers', 'subnet-b has no default route, and its VPC no endpoint of ssm and ssmmessages'],
    ]);
  });

  it('are not proven by an agent that is away, nor by that of another subnet', () => {
    const { agents, instances } = adoptFacts();
    const away = adoptFacts({
      network: NOWHERE,
      agents: changed(agents, 4, 'never'),
      instances: changed(instances, 5, foundInstance(5, { subnet: 'subnet-b' })),
    });
    expect(wayFindings(away).map(({ name, about }) => [name, about])).toEqual([['NoWay', 'workers']]);
  });

  it('are not called good where nobody may look, or no instance tells of which VPC they are', () => {
    const denied = adoptFacts({ network: { unseen: 'AWS denies ec2:DescribeRouteTables to you' } });
    expect(wayFindings(denied).map(({ name, because }) => [name, because])).toEqual([
      ['NotLookedAt', 'routes and endpoints, and the networks of the VPC: AWS denies ec2:DescribeRouteTables to you'],
    ]);
    const empty = adoptFacts({ of: { workers: { instances: [] } } });
    expect(wayFindings(empty).map(({ name, about, because }) => [name, about, because])).toEqual([
      ['NotLookedAt', 'workers', 'routes and endpoints: none of its instances tells of which VPC it is'],
    ]);
  });

  it('are of the VPC that any of its instances tells', () => {
    const { instances } = adoptFacts();
    const first = changed(instances, 4, foundInstance(4, { vpc: undefined }));
    const facts = adoptFacts({ network: NOWHERE, instances: first, of: { workers: { subnets: ['subnet-b'] } } });
    expect(wayFindings(facts).map(({ name }) => name)).toEqual(['NoWay']);
  });

  it('are no finding where there are none, where the group is not there, or where all lead somewhere', () => {
    expect(wayFindings(adoptFacts({ of: { workers: { instances: [], subnets: [] } } }))).toEqual([]);
    const facts = adoptFacts({ of: { workers: { subnets: ['subnet-b'] } } });
    expect(wayFindings(facts)).toEqual([]);
    expect(wayFindings({ ...facts, groups: facts.groups.map((one) => ({ ...one, found: undefined })) })).toEqual([]);
  });

  it('are looked at for the instances that EC2 shows', () => {
    const { instances } = adoptFacts();
    const facts = adoptFacts({ instances: new Map([...instances].slice(0, 3)) });
    expect(wayFindings(facts).map(({ name, about }) => [name, about])).toEqual([['NotLookedAt', 'workers']]);
  });
});

describe('a subnet behind an internet gateway', () => {
  const { instances, agents } = adoptFacts();
  const PUBLIC = { seen: { tables: [tableOf({ routes: [INTERNET] })], endpoints: [] } };
  const WHY = 'subnet-a reaches the internet by public addresses only, and what is launched there has none';
  const silent = new Map([...agents].map(([instance]) => [instance, 'never'] as const));
  const at = (fourth: Partial<FoundInstance>, fifth: Partial<FoundInstance>) => {
    const all = changed(changed(instances, 4, foundInstance(4, fourth)), 5, foundInstance(5, fifth));
    return wayFindings(adoptFacts({ network: PUBLIC, agents: silent, instances: all }))
      .filter(({ about }) => about === 'workers')
      .map(({ because }) => because);
  };
  const open = { hasPublicAddress: true };
  const elsewhere = { subnet: 'subnet-b' };

  it.each<[what: string, fourth: Partial<FoundInstance>, fifth: Partial<FoundInstance>, because: string[]]>([
    ['no way for instances without public addresses', {}, {}, [WHY]],
    ['none where one instance has no public address', open, {}, [WHY]],
    ['a way for instances with public addresses', open, open, []],
    ['a way where those without one are elsewhere', open, elsewhere, []],
    ['a way where none of the instances is in it', elsewhere, elsewhere, []],
  ])('is %s', (_what, fourth, fifth, because) => {
    expect(at(fourth, fifth)).toEqual(because);
  });
});
