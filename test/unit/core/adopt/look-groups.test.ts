// What keeps skep from working with the groups that a person names, and what is said of it.
import { describe, expect, it } from '@jest/globals';

import type { FoundGroup } from '../../../../src/core/adopt/facts.ts';
import { groupFindings } from '../../../../src/core/adopt/look-groups.ts';
import { adoptFacts, hook, instanceOf } from '../../support/adopt-facts.ts';
import type { Changes } from '../../support/adopt-facts.ts';

const found = (changes: Changes) =>
  groupFindings(adoptFacts(changes)).map(({ name, about, because }) => [name, about, because]);
const workers = (changes: Partial<FoundGroup>): Changes => ({ of: { workers: changes } });
const managers = (changes: Partial<FoundGroup>): Changes => ({ of: { managers: changes } });
const being = (lifecycle: string): Changes =>
  workers({ instances: [{ instance: instanceOf(4), lifecycle, zone: 'eu-west-1a' }] });
const ending = (name: string) => ({ ...hook(name), transition: 'autoscaling:EC2_INSTANCE_TERMINATING' });

describe('a group', () => {
  it.each<[what: string, name: string, changes: Changes, because: string]>([
    [
      'of another cluster',
      'GroupOfAnother',
      workers({ cluster: 'other', roleTag: undefined }),
      'its tag says that it is in cluster other',
    ],
    [
      'of another role',
      'GroupOfAnother',
      workers({ cluster: 'demo', roleTag: 'manager' }),
      'its tag says manager, and you say worker',
    ],
    [
      'of another stage',
      'OtherStage',
      workers({ hooks: [hook('skep-prod-launch')] }),
      'it has hooks of another stage of skep, and none of dev',
    ],
    [
      "with somebody else's hook for what it launches",
      'ForeignHook',
      workers({ hooks: [hook('theirs')] }),
      'it has the hook theirs (autoscaling:EC2_INSTANCE_LAUNCHING)',
    ],
    [
      "with somebody else's hook for what it ends",
      'ForeignHook',
      workers({ hooks: [ending('theirs')] }),
      'it has the hook theirs (autoscaling:EC2_INSTANCE_TERMINATING)',
    ],
    [
      'of which some processes are suspended',
      'Suspended',
      workers({ suspended: ['Launch', 'Terminate'] }),
      'suspended processes: Launch, Terminate',
    ],
  ])('%s is told', (_what, name, changes, because) => {
    expect(found(changes)).toContainEqual([name, 'workers', because]);
  });

  it.each<[what: string, changes: Changes]>([
    ['bears the tag of its cluster alone', workers({ cluster: 'demo', roleTag: undefined })],
    // Tools other than skep may use the tag: it says nothing without a cluster.
    ['bears the tag of another role, and of no cluster', workers({ cluster: undefined, roleTag: 'manager' })],
    ['has the hooks of this stage', workers({ hooks: [hook('skep-dev-launch'), ending('skep-dev-terminate')] })],
    ['has a hook for something else', workers({ hooks: [{ ...hook('theirs'), transition: 'of another kind' }] })],
    ['has an instance on standby', being('Standby')],
    ['of workers is checked by a load balancer', workers({ healthCheckType: 'EC2,ELB' })],
    ['of workers ends an instance before it launches the next', workers({ launchesFirst: false })],
  ])('is in order that %s', (_what, changes) => {
    expect(found(changes)).toEqual([]);
  });

  it('that is not there is told, and nothing else of it', () => {
    const facts = adoptFacts();
    const groups = facts.groups.map((one) => ({ ...one, found: undefined }));
    expect(groupFindings({ ...facts, groups: groups.slice(0, 1) })).toEqual([
      { name: 'GroupUnknown', about: 'managers', because: 'there is no such group' },
    ]);
  });

  it.each(['Pending:Wait', 'Terminating:Wait', 'Warmed:Stopped'])('has instances that rest: one is %s', (state) => {
    expect(found(being(state))).toEqual([['NotSettled', instanceOf(4), `it is ${state} in workers`]]);
  });
});

describe('a group of managers', () => {
  it.each<[what: string, name: string, changes: Changes, because: string]>([
    [
      'is not checked by a load balancer',
      'LoadBalancerChecks',
      managers({ healthCheckType: 'EC2,ELB' }),
      'its health check type is EC2,ELB',
    ],
    [
      'is not checked by VPC Lattice',
      'LoadBalancerChecks',
      managers({ healthCheckType: 'VPC_LATTICE' }),
      'its health check type is VPC_LATTICE',
    ],
    [
      'launches a manager before it ends one',
      'TerminatesFirst',
      managers({ launchesFirst: false }),
      'its maintenance policy does not launch before it ends',
    ],
  ])('%s', (_what, name, changes, because) => {
    expect(found(changes)).toEqual([[name, 'managers', because]]);
  });
});

describe('user data', () => {
  const JOINS = 'the user data of its instances joins or founds a swarm by itself';
  it.each<[userData: string, finding: unknown]>([
    ['docker swarm join --token x 10.0.1.1:2377', ['UserDataJoins', 'managers', JOINS]],
    ['docker  swarm  init', ['UserDataJoins', 'managers', JOINS]],
    ['curl --unix-socket /var/run/docker.sock http://docker/swarm/join', ['UserDataJoins', 'managers', JOINS]],
    ['docker swarm leave', undefined],
    ['docker swarm initial', undefined],
    ['docker swarm join-token --quiet worker', undefined],
    ['yum install -y docker', undefined],
  ])('%s', (userData, finding) => {
    expect(found({ userData })).toEqual(finding === undefined ? [] : [finding]);
  });

  it('that a person may not read is told, and not taken for good', () => {
    const because = 'the user data of its instances: AWS denies ec2:DescribeInstanceAttribute to you';
    const unseen = 'AWS denies ec2:DescribeInstanceAttribute to you';
    expect(found({ userData: { unseen } })).toEqual([['NotLookedAt', 'managers', because]]);
  });

  it('is not missed where a group has no instance', () => {
    const facts = adoptFacts();
    expect(groupFindings({ ...facts, groups: facts.groups.map((one) => ({ ...one, userData: undefined })) })).toEqual(
      [],
    );
  });
});
