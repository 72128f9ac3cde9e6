// What an adoption finds, and the steps that it takes.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { AdoptFacts, FoundInstance } from '../../../../src/core/adopt/facts.ts';
import { FINDINGS, isStop } from '../../../../src/core/adopt/findings.ts';
import { ADOPTING, planAdoption, stepText } from '../../../../src/core/adopt/plan.ts';
import type { AdoptStep } from '../../../../src/core/adopt/plan.ts';
import {
  FOUNDED,
  OUT,
  SWARM,
  adoptFacts,
  addressOf,
  changed,
  foundInstance,
  foundRole,
  hook,
  instanceOf,
  nodeOf,
  said,
  seen,
  shown,
  surveyOf,
  swarmNode,
  tableOf,
} from '../../support/adopt-facts.ts';
import type { Changes } from '../../support/adopt-facts.ts';

const base = adoptFacts();
const OTHER = 'o'.repeat(25);
const names = (facts: AdoptFacts): string[] => planAdoption(facts).findings.map(({ name }) => name);
const kinds = (facts: AdoptFacts): string[] => planAdoption(facts).steps.map(({ kind }) => kind);

const lifecycle = (state: string): Changes => ({
  of: { workers: { instances: [{ instance: instanceOf(4), lifecycle: state, zone: 'eu-west-1a' }] } },
  nodes: (base.nodes ?? []).slice(0, 4),
});
const OF_VPC = { network: '172.30.128.0/20', gateway: 'local' as const };
const NOWHERE = { seen: { tables: [tableOf()], endpoints: [] } };
describe('a swarm in good order', () => {
  it('has nothing in the way, and every instance is the node that it says it is', () => {
    const { findings, members } = planAdoption(base);
    expect(findings).toEqual([]);
    expect(members).toHaveLength(5);
    expect(members[3]).toEqual({
      ...{ instance: instanceOf(4), group: 'workers', role: 'worker', zone: 'eu-west-1a' },
      ...{ nodeId: nodeOf(4), address: `${addressOf(4)}:2377`, availability: 'active' },
    });
  });

  it('is held, tagged, recorded, labelled, and only then given hooks', () => {
    expect(kinds(base)).toEqual([
      ...['hold', 'tag-instances', 'tag-instances'],
      ...['record', ...Array<string>(5).fill('label'), 'note', 'tag-group', 'tag-group'],
      ...['retain', 'hook', 'hook', 'hook', 'hook', 'unhold'],
    ]);
  });

  it('goes on record as it is, with all of its managers', () => {
    const record = planAdoption(base).steps.find((step) => step.kind === 'record');
    expect(record?.adopted).toEqual({
      swarmId: SWARM,
      epoch: 0,
      leader: { instance: instanceOf(1), nodeId: nodeOf(1), address: `${addressOf(1)}:2377` },
      managers: [1, 2, 3].map((one) => ({
        ...{ instance: instanceOf(one), nodeId: nodeOf(one), address: `${addressOf(one)}:2377` },
      })),
      config: { addressPool: '172.30.0.0/16', subnetSize: 24, dataPathPort: 4789 },
      founder: undefined,
    });
  });

  it('goes on record with the manager that leads, whichever it is', () => {
    const record = planAdoption(adoptFacts(said(1, { leader: false }))).steps.find((step) => step.kind === 'record');
    expect(record?.adopted.leader.instance).toBe(instanceOf(2));
    expect(record?.adopted.managers).toHaveLength(3);
  });

  it('says each of its steps in words', () => {
    const words = planAdoption(base).steps.map(stepText);
    expect([...new Map(words.map((one, index) => [kinds(base)[index], one])).values()]).toEqual([
      'hold the cluster until all of this is done',
      'tag 2 instance(s) as workers',
      `publish the join tokens of swarm ${SWARM}, and record it with its 3 manager(s)`,
      `label node ${nodeOf(5)} as ${instanceOf(5)} of workers; it stays active`,
      'record 5 node(s)',
      'tag group workers as workers, and what it launches',
      'have group managers retain what its terminate hook abandons',
      'give group workers the hook skep-dev-terminate',
      'end the hold',
    ]);
  });
});

describe('what is in the way', () => {
  it.each<[string, string, Changes]>([
    ['GroupOfAnother', 'a group of another cluster', { of: { workers: { cluster: 'other', roleTag: 'worker' } } }],
    [
      'GroupOfAnother',
      'a group tagged with another role',
      { of: { workers: { cluster: 'demo', roleTag: 'manager' } } },
    ],
    ['OtherStage', 'hooks of another stage', { of: { workers: { hooks: [hook('skep-prod-launch')] } } }],
    ['NotSettled', 'an instance that is on its way in', lifecycle('Pending:Wait')],
    ['NotSettled', 'an instance that is on its way out', lifecycle('Terminating:Wait')],
    ['InstanceOff', 'an instance that is stopped', shown(4, { state: 'stopped' })],
    ['NoProfile', 'an instance without a profile', shown(4, { profile: undefined })],
    ['AgentMissing', 'no SSM agent', { agents: changed(base.agents, 4, 'never') }],
    ['AgentMissing', 'an SSM agent that is away', { agents: changed(base.agents, 4, 'lost') }],
    ['NoAnswer', 'a document that fails', { surveys: changed(base.surveys, 4, { error: 'ToolMissing', cause: 'c' }) }],
    [
      'OtherSwarm',
      'an engine in another swarm',
      said(4, { certificate: { swarmId: OTHER, nodeId: nodeOf(4), role: 'worker' } }),
    ],
    ['OtherEpoch', 'a manager that missed a recovery', said(2, { epoch: '1' })],
    ['OtherEpoch', 'a manager that was fenced', said(2, { epoch: 'fenced' })],
    ['OtherSwarm', 'an engine without a certificate', said(4, { certificate: undefined })],
    [
      'NotTheCertificate',
      'a certificate of another node',
      said(4, { certificate: { swarmId: SWARM, nodeId: nodeOf(5), role: 'worker' } }),
    ],
    ['NotTheAddress', 'a node at another address', said(4, { address: '10.0.1.99' })],
    ['NotTheAddress', 'a node that tells no address', said(4, { address: '' })],
    ['NodeNotReady', 'a node that is down', seen(4, { status: 'down' })],
    ['NodeNotReady', 'a manager that the others do not reach', seen(3, { isReachable: false })],
    ['NodeNotReady', 'an engine that is in trouble', said(4, { state: 'error' })],
    ['WrongRole', 'a manager in a group of workers', seen(4, { role: 'manager', isManager: true, isReachable: true })],
    ['WrongRole', 'a worker in a group of managers', seen(3, { role: 'worker', isManager: false })],
    ['LabelOfAnother', 'a label of another instance', seen(4, { instance: instanceOf(5) })],
    ['Autolock', 'a swarm that locks its managers', said(1, { founded: { ...FOUNDED, autolock: true } })],
    [
      'ManagerRoleLacks',
      'managers whose role has not the policy',
      {
        roles: {
          managers: foundRole('manager', { lacks: [{ action: 'kms:Encrypt', resource: 'arn:aws:kms:::key/1' }] }),
        },
      },
    ],
    ['ManagerRoleLacks', 'managers whose role has no tags', { roles: { managers: foundRole('worker') } }],
    ['ManagerCurlTooOld', 'an old curl on a manager', said(2, { curl: '7.76' })],
    ['FoundedAlready', 'another swarm on record', { state: { status: 'founded', swarmId: OTHER, caDigest: 'c' } }],
    [
      'FoundingUnderWay',
      'a founder that is no node of it',
      { state: { status: 'new' }, founder: 'i-0000000000000dead' },
    ],
  ])('%s: %s', (name, _what, changes) => {
    const { findings, steps } = planAdoption(adoptFacts(changes));
    expect(findings.map((one) => one.name)).toContain(name);
    expect(findings.some(isStop)).toBe(true);
    expect(steps).toEqual([]);
  });

  it('GroupUnknown: a group that is not there', () => {
    const facts = {
      ...base,
      groups: [
        ...base.groups,
        { name: 'gone', role: 'worker' as const, found: undefined, userData: undefined, roles: [] },
      ],
    };
    expect(names(facts)).toEqual(['GroupUnknown']);
    expect(kinds(facts)).toEqual([]);
  });

  it('NoLeader: no manager that has one', () => {
    const without = new Map(
      [...base.surveys].map(([id, told]) => [id, 'error' in told ? told : { ...told, leader: false }]),
    );
    expect(names(adoptFacts({ surveys: without, nodes: undefined }))).toEqual(['NoLeader']);
  });

  it('SameNode: two engines of one identity, of which neither is taken', () => {
    const twin = surveyOf(4, { address: addressOf(5) });
    const { findings, members } = planAdoption(adoptFacts({ surveys: changed(base.surveys, 5, twin) }));
    expect(findings.filter(({ name }) => name === 'SameNode').map(({ about }) => about)).toEqual(
      [4, 5].map(instanceOf),
    );
    expect(members).toHaveLength(3);
  });
});

describe('what a person should know', () => {
  it.each<[string, string, Changes]>([
    ['CurlTooOld', 'an old curl on a worker', said(4, { curl: '7.85' })],
    ['HopLimit', 'containers that reach instance metadata', shown(4, { hopLimit: 2 })],
    [
      'LoadBalancerChecks',
      'managers that a load balancer may end',
      { of: { managers: { healthCheckType: 'EC2,ELB' } } },
    ],
    ['Suspended', 'suspended processes', { of: { workers: { suspended: ['Terminate'] } } }],
    ['ForeignHook', "somebody else's hook", { of: { workers: { hooks: [hook('theirs')] } } }],
    ['UserDataJoins', 'user data that joins', { userData: 'docker swarm join --token x 10.0.1.1:2377' }],
    ['NotLookedAt', 'user data that a person may not read', { userData: { unseen: 'AWS denies it' } }],
    [
      'RoleLacks',
      'workers whose role has no tags',
      { roles: { workers: foundRole('worker', { cluster: undefined }) } },
    ],
    ['NotLookedAt', 'a role that a person may not read', { roles: { managers: { unseen: 'AWS denies it' } } }],
    [
      'NoWay',
      'a subnet that leads nowhere',
      { of: { workers: { subnets: ['subnet-a', 'subnet-b'] } }, network: NOWHERE },
    ],
    ['UserDataJoins', 'user data that founds', { userData: 'docker  swarm init' }],
    ['EngineUntested', 'an old engine', said(4, { engine: '19.03.15' })],
    ['EngineUntested', 'an engine of tomorrow', said(4, { engine: '30.0.0' })],
    [
      'PoolOverlaps',
      'a pool that has the addresses of the VPC',
      said(1, { founded: { ...FOUNDED, pools: ['10.0.0.0/8'] } }),
    ],
    [
      'PoolOverlaps',
      'a pool within the VPC, where no node is yet',
      { network: { seen: { tables: [tableOf({ routes: [OUT, OF_VPC] })], endpoints: [] } } },
    ],
    ['TerminatesFirst', 'managers that are replaced after they ended', { of: { managers: { launchesFirst: false } } }],
  ])('%s: %s, and it goes on', (name, _what, changes) => {
    const facts = adoptFacts(changes);
    expect(names(facts)).toEqual([name]);
    expect(kinds(facts)).toContain('record');
  });

  it('NotInSwarm: an instance without a node is left to the tidy, and tagged like the others', () => {
    const facts = adoptFacts({
      ...said(5, { state: 'inactive', nodeId: '', address: '' }),
      nodes: (base.nodes ?? []).slice(0, 4),
    });
    const { steps, findings } = planAdoption(facts);
    expect(findings.map(({ name }) => name)).toEqual(['NotInSwarm']);
    expect(steps.filter(({ kind }) => kind === 'label')).toHaveLength(4);
    expect(steps.find((step) => step.kind === 'tag-instances' && step.role === 'worker')).toMatchObject({
      instances: [4, 5].map(instanceOf),
    });
  });

  it('NodeOutside, EvenManagers: nodes of no named group are told, the first ten one by one', () => {
    const strangers = [6, 7, 8, 9].flatMap((one) => [
      swarmNode(one),
      swarmNode(one, { nodeId: `y${nodeOf(one)}`.slice(0, 25) }),
      swarmNode(one, { nodeId: `z${nodeOf(one)}`.slice(0, 25) }),
    ]);
    const more = swarmNode(3, { nodeId: OTHER });
    const told = planAdoption(adoptFacts({ nodes: [...(base.nodes ?? []), ...strangers, more] })).findings;
    expect(told.filter(({ name }) => name === 'NodeOutside')).toHaveLength(11);
    expect(told.map(({ name }) => name)).toContain('EvenManagers');
  });

  it('is nothing where a version cannot be read', () => {
    expect(names(adoptFacts(said(4, { engine: '', curl: '' })))).toEqual([]);
  });
});

const item = (number: number) => ({
  ...{ instance: instanceOf(number), group: number <= 3 ? 'managers' : 'workers' },
  ...{
    role: number <= 3 ? ('manager' as const) : ('worker' as const),
    phase: 'ready' as const,
    nodeId: nodeOf(number),
  },
  ...{ owner: 'tidy', ownerArn: 'tidy', leaseUntil: 0 },
});
const ownHooks = (role: string, guard: string) => [
  { ...hook('skep-dev-launch', JSON.stringify({ cluster: 'demo', role, timeout: 1800 })) },
  {
    ...hook('skep-dev-terminate', JSON.stringify({ cluster: 'demo', role, timeout: 1800 })),
    ...{ transition: 'autoscaling:EC2_INSTANCE_TERMINATING', defaultResult: guard },
  },
];
const ADOPTED: Changes = {
  state: { status: 'founded', swarmId: SWARM, caDigest: 'c' },
  founder: instanceOf(1),
  known: [1, 2, 3, 4, 5].map(item),
  nodes: [1, 2, 3, 4, 5].map((one) => swarmNode(one, { instance: instanceOf(one) })),
  instances: new Map(
    [1, 2, 3, 4, 5].map((one) => [
      instanceOf(one),
      foundInstance(one, { cluster: 'demo', roleTag: one <= 3 ? 'manager' : 'worker' }),
    ]),
  ),
  of: {
    managers: { cluster: 'demo', roleTag: 'manager', retains: true, hooks: ownHooks('manager', 'ABANDON') },
    workers: { cluster: 'demo', roleTag: 'worker', hooks: ownHooks('worker', 'CONTINUE') },
  },
};

/** What is adopted, with other tags on one of its workers. */
const tagged = (tags: Pick<FoundInstance, 'cluster' | 'roleTag'>): Changes => ({
  instances: changed(ADOPTED.instances ?? new Map<string, FoundInstance>(), 5, foundInstance(5, tags)),
});

describe('run again', () => {
  it('does nothing where all is done', () => {
    expect(planAdoption(adoptFacts(ADOPTED))).toMatchObject({ findings: [], steps: [] });
  });

  it('ends its own hold where that alone is left, and never that of somebody else', () => {
    const held = (because: string): AdoptFacts =>
      adoptFacts({
        ...ADOPTED,
        state: { status: 'founded', swarmId: SWARM, caDigest: 'c', hold: { since: 1, because } },
      });
    expect(kinds(held(ADOPTING))).toEqual(['unhold']);
    expect(kinds(held('lunch'))).toEqual([]);
  });

  it.each<[string, Changes, string[]]>([
    ['after the hold', { state: { status: 'new', hold: { since: 1, because: ADOPTING } } }, kinds(base).slice(1)],
    [
      'under the hold of somebody else, which it leaves alone,',
      { state: { status: 'new', hold: { since: 1, because: 'lunch' } } },
      kinds(base).slice(1, -1),
    ],
    [
      'with an item that names another node',
      { ...ADOPTED, known: [1, 2, 3, 4, 5].map((one) => ({ ...item(one), nodeId: nodeOf(one === 5 ? 6 : one) })) },
      ['hold', 'label', 'note', 'unhold'],
    ],
    [
      'with a group that bears the tag of its cluster alone',
      { ...ADOPTED, of: { ...ADOPTED.of, workers: { ...ADOPTED.of?.workers, roleTag: undefined } } },
      ['hold', 'tag-group', 'unhold'],
    ],
    [
      'with a group that bears the tag of its role alone',
      { ...ADOPTED, of: { ...ADOPTED.of, workers: { ...ADOPTED.of?.workers, cluster: undefined } } },
      ['hold', 'tag-group', 'unhold'],
    ],
    [
      'with an instance that bears the tag of its cluster alone',
      { ...ADOPTED, ...tagged({ cluster: 'demo', roleTag: undefined }) },
      ['hold', 'tag-instances', 'unhold'],
    ],
    [
      'with an instance that bears the tag of its role alone',
      { ...ADOPTED, ...tagged({ cluster: undefined, roleTag: 'worker' }) },
      ['hold', 'tag-instances', 'unhold'],
    ],
    [
      'after two labels',
      { ...ADOPTED, known: [] },
      ['hold', 'label', 'label', 'label', 'label', 'label', 'note', 'unhold'],
    ],
    [
      'with one item of another execution',
      { ...ADOPTED, known: [1, 2, 3, 4].map(item) },
      ['hold', 'label', 'note', 'unhold'],
    ],
    [
      'before the hooks of workers',
      { ...ADOPTED, of: { ...ADOPTED.of, workers: { ...ADOPTED.of?.workers, hooks: [] } } },
      ['hold', 'hook', 'hook', 'unhold'],
    ],
    [
      'before the tags',
      { ...ADOPTED, instances: base.instances },
      ['hold', 'tag-instances', 'tag-instances', 'unhold'],
    ],
    [
      'before managers are retained',
      { ...ADOPTED, of: { ...ADOPTED.of, managers: { ...ADOPTED.of?.managers, retains: false } } },
      ['hold', 'retain', 'unhold'],
    ],
  ])('%s it does what is left', (_what, changes, expected) => {
    expect(kinds(adoptFacts(changes))).toStrictEqual(expected);
  });

  it('takes the swarm in that a launch has found on the founder itself, and knows whose item it is', () => {
    const foreign = { ...item(1), phase: 'launching' as const, nodeId: undefined, owner: 'abc' };
    const facts = adoptFacts({ state: { status: 'new' }, founder: instanceOf(1), known: [foreign] });
    const { steps } = planAdoption(facts);
    expect(steps.find((step) => step.kind === 'record')?.adopted.founder).toBe(instanceOf(1));
    expect(steps.find((step) => step.kind === 'note')?.members[0]).toMatchObject({ owner: 'abc' });
  });
});

describe('hooks of managers that only manage', () => {
  const drainedIn = (changes: Changes): string[] =>
    planAdoption(adoptFacts(changes)).steps.flatMap((step) =>
      step.kind === 'hook' && step.wish.NotificationMetadata.includes('"drain"')
        ? [step.wish.AutoScalingGroupName]
        : [],
    );
  const nodes = (drained: readonly number[]): Changes => ({
    nodes: [1, 2, 3, 4, 5].map((one) => swarmNode(one, drained.includes(one) ? { availability: 'drain' } : {})),
  });

  it.each<[what: string, changes: Changes, groups: string[]]>([
    ['all managers, and no worker', nodes([1, 2, 3]), ['managers', 'managers']],
    ['two managers of three', nodes([1, 2]), []],
    ['workers: the next one is to run tasks', nodes([4, 5]), []],
  ])('are wanted where these are drained: %s', (_what, changes, groups) => {
    expect(drainedIn(changes)).toEqual(groups);
  });

  it('are not wanted of a group of managers that has none yet', () => {
    const { groups } = base;
    const spare = groups.map((one) => ({ ...one, name: 'spare', found: one.found && { ...one.found, instances: [] } }));
    const { steps } = planAdoption({ ...base, groups: [...groups, ...spare.slice(0, 1)] });
    const metadata = steps.flatMap((step) =>
      step.kind === 'hook' && step.wish.AutoScalingGroupName === 'spare' ? [step.wish.NotificationMetadata] : [],
    );
    expect(metadata).toHaveLength(2);
    expect(metadata.filter((one) => one.includes('drain'))).toEqual([]);
  });

  it('say that the next manager is to be drained, too, and those of others do not', () => {
    const drained = [1, 2, 3].map((one) => swarmNode(one, { availability: 'drain' }));
    const { steps } = planAdoption(adoptFacts({ nodes: [...drained, swarmNode(4), swarmNode(5)] }));
    const metadata = steps.flatMap((step: AdoptStep) =>
      step.kind === 'hook' ? [JSON.parse(step.wish.NotificationMetadata) as unknown] : [],
    );
    expect(metadata).toEqual([
      ...Array<unknown>(2).fill({ cluster: 'demo', role: 'manager', timeout: 1800, availability: 'drain' }),
      ...Array<unknown>(2).fill({ cluster: 'demo', role: 'worker', timeout: 1800 }),
    ]);
  });
});

describe('whatever the instances say of themselves', () => {
  const one = fc.record({
    state: fc.constantFrom('active', 'inactive', 'error'),
    nodeId: fc.constantFrom(...[1, 2, 3, 4, 5].map(nodeOf), OTHER),
    certified: fc.constantFrom(...[1, 2, 3, 4, 5].map(nodeOf)),
    swarmId: fc.constantFrom(SWARM, OTHER),
    address: fc.constantFrom(...[1, 2, 3, 4, 5].map(addressOf), ''),
  });

  it('none is taken for a node that another one is, that is not its own address, or that its certificate is not', () => {
    fc.assert(
      fc.property(fc.array(one, { minLength: 5, maxLength: 5 }), (all) => {
        const surveys = new Map(
          all.map(({ state, nodeId, certified, swarmId, address }, index) => [
            instanceOf(index + 1),
            surveyOf(index + 1, {
              state,
              nodeId,
              address,
              certificate: { swarmId, nodeId: certified, role: 'worker' },
            }),
          ]),
        );
        const { members, findings, steps } = planAdoption(adoptFacts({ surveys }));
        expect(new Set(members.map(({ nodeId }) => nodeId)).size).toBe(members.length);
        for (const { instance, nodeId, address } of members) {
          const told = all[Number(instance.at(-1)) - 1];
          expect(told).toMatchObject({ state: 'active', nodeId, certified: nodeId, swarmId: SWARM });
          expect(address).toBe(`${base.instances.get(instance)?.privateIp ?? ''}:2377`);
        }
        expect(steps.length > 0 && findings.some(isStop)).toBe(false);
      }),
    );
  });

  it('no group gets hooks without its swarm on record', () => {
    const strange = fc.record({ told: one, leader: fc.boolean(), manager: fc.boolean() }).map(({ told, ...more }) => ({
      ...{ ...told, ...more },
      certificate: { swarmId: told.swarmId, nodeId: told.certified, role: 'worker' as const },
    }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), strange, (number, changes) => {
        const all = kinds(adoptFacts(said(number, changes)));
        expect(all.includes('record')).toBe(all.length > 0);
      }),
    );
  });
});

it('has a remedy for each finding', () => {
  expect(Object.values(FINDINGS).filter(({ remedy }) => remedy.length < 15)).toEqual([]);
});
