// Which node each instance is, and what is said of one that is none.
import { describe, expect, it } from '@jest/globals';

import { leadingOf } from '../../../../src/core/adopt/facts.ts';
import type { FindingName } from '../../../../src/core/adopt/findings.ts';
import { matchNodes } from '../../../../src/core/adopt/match.ts';
import {
  SWARM,
  addressOf,
  adoptFacts,
  changed,
  instanceOf,
  nodeOf,
  said,
  seen,
  shown,
  surveyOf,
} from '../../support/adopt-facts.ts';
import type { Changes } from '../../support/adopt-facts.ts';

const base = adoptFacts();
const OTHER = 'o'.repeat(25);

function matched(changes: Changes) {
  const facts = adoptFacts(changes);
  return matchNodes(facts, leadingOf(facts));
}
const without = <T>(map: ReadonlyMap<string, T>, number: number): Map<string, T> =>
  new Map([...map].filter(([instance]) => instance !== instanceOf(number)));
const certified = (swarmId: string, nodeId = nodeOf(4)): Changes =>
  said(4, { certificate: { swarmId, nodeId, role: 'worker' } });

type Row = readonly [what: string, number: number, name: FindingName, changes: Changes, because: string];

const NO_NODE: readonly Row[] = [
  ['is stopped', 4, 'InstanceOff', shown(4, { state: 'stopped' }), 'EC2 says that it is stopped'],
  ['EC2 does not show', 4, 'InstanceOff', { instances: without(base.instances, 4) }, 'EC2 says that it is not there'],
  ['SSM does not know', 4, 'AgentMissing', { agents: without(base.agents, 4) }, 'SSM knows no agent of it'],
  [
    'has never had an agent',
    4,
    'AgentMissing',
    { agents: changed(base.agents, 4, 'never') },
    'SSM knows no agent of it',
  ],
  ['has lost its agent', 4, 'AgentMissing', { agents: changed(base.agents, 4, 'lost') }, 'its SSM agent is away'],
  [
    'has no role with which an agent could register',
    4,
    'NoProfile',
    { agents: changed(base.agents, 4, 'never'), ...shown(4, { profile: undefined }) },
    'it has no instance profile, and so no role',
  ],
  ['was not asked', 4, 'NoAnswer', { surveys: without(base.surveys, 4) }, 'it was not asked'],
  [
    'did not answer',
    4,
    'NoAnswer',
    { surveys: changed(base.surveys, 4, { error: 'ToolMissing', cause: 'there is no docker' }) },
    'ToolMissing: there is no docker',
  ],
  ['is in no swarm', 4, 'NotInSwarm', said(4, { state: 'inactive' }), 'its engine is in no swarm'],
  ['has an engine in trouble', 4, 'NodeNotReady', said(4, { state: 'error' }), 'its engine is error'],
  [
    'is in another swarm',
    4,
    'OtherSwarm',
    certified(OTHER),
    `its engine is in swarm ${OTHER}, and ${instanceOf(1)} is in ${SWARM}`,
  ],
  [
    'tells no certificate',
    4,
    'OtherSwarm',
    said(4, { certificate: undefined }),
    `its engine tells no certificate, and ${instanceOf(1)} is in ${SWARM}`,
  ],
  [
    'missed a recovery',
    2,
    'OtherEpoch',
    said(2, { epoch: '1' }),
    `it is a manager of epoch 1, and ${instanceOf(1)} of 0`,
  ],
  [
    'has the certificate of another node',
    4,
    'NotTheCertificate',
    certified(SWARM, nodeOf(5)),
    `it calls itself ${nodeOf(4)}, its certificate ${nodeOf(5)}`,
  ],
  [
    'has a node at another address',
    4,
    'NotTheAddress',
    said(4, { address: '10.0.1.99' }),
    'its node is at 10.0.1.99, and the address of the instance is 10.0.1.4',
  ],
  [
    'EC2 shows without an address',
    4,
    'NotTheAddress',
    shown(4, { privateIp: undefined }),
    'its node is at 10.0.1.4, and the address of the instance is none',
  ],
  [
    'is a node that no manager knows',
    4,
    'NodeNotReady',
    { nodes: (base.nodes ?? []).filter(({ nodeId }) => nodeId !== nodeOf(4)) },
    `the managers know no node ${nodeOf(4)}`,
  ],
  [
    'is a node that is down',
    4,
    'NodeNotReady',
    seen(4, { status: 'down' }),
    `the managers see node ${nodeOf(4)} as down`,
  ],
  [
    'is a manager that the others do not reach',
    3,
    'NodeNotReady',
    seen(3, { isReachable: false }),
    `the managers do not reach manager ${nodeOf(3)}`,
  ],
  [
    'is a manager that is down',
    3,
    'NodeNotReady',
    seen(3, { status: 'down', isReachable: false }),
    `the managers see node ${nodeOf(3)} as down`,
  ],
  [
    'is on its way to be a manager',
    3,
    'WrongRole',
    seen(3, { isManager: false }),
    'its node is to be a manager, and is none yet',
  ],
  [
    'is on its way to be a worker',
    4,
    'WrongRole',
    seen(4, { isManager: true, isReachable: true }),
    'its node is to be a worker, and is still a manager',
  ],
  [
    'is a manager in a group of workers',
    4,
    'WrongRole',
    seen(4, { role: 'manager', isManager: true, isReachable: true }),
    'its node is a manager, and its group is to have workers',
  ],
  [
    'is a worker in a group of managers',
    3,
    'WrongRole',
    seen(3, { role: 'worker', isManager: false }),
    'its node is a worker, and its group is to have managers',
  ],
  [
    'has the label of another one',
    4,
    'LabelOfAnother',
    seen(4, { instance: instanceOf(5) }),
    `its node bears the label of ${instanceOf(5)}`,
  ],
];

describe('an instance is no node', () => {
  it.each(NO_NODE)('that %s', (_what, number, name, changes, because) => {
    const { members, findings } = matched(changes);
    expect(findings).toEqual([{ name, about: instanceOf(number), because }]);
    expect(members.map(({ instance }) => instance)).toEqual(
      [1, 2, 3, 4, 5].filter((one) => one !== number).map(instanceOf),
    );
  });

  it('that is the same node as another one, and neither is that one', () => {
    const twin = surveyOf(4, { address: addressOf(5) });
    const { members, findings } = matched({ surveys: changed(base.surveys, 5, twin) });
    const because = `another instance is node ${nodeOf(4)} as well`;
    expect(findings).toEqual([4, 5].map((one) => ({ name: 'SameNode', about: instanceOf(one), because })));
    expect(members.map(({ instance }) => instance)).toEqual([1, 2, 3].map(instanceOf));
  });

  it('that has no address, whose node has none either: that proves nothing', () => {
    const { findings } = matched({ ...said(4, { address: '' }), ...shown(4, { privateIp: '' }) });
    expect(findings.map(({ name, about }) => [name, about])).toEqual([['NotTheAddress', instanceOf(4)]]);
  });

  it('where nobody knows whose swarm it would be: that is said once, and not of each', () => {
    expect(matchNodes(base, undefined)).toEqual({ members: [], findings: [] });
  });
});

describe('an instance is its node', () => {
  it.each<[what: string, changes: Changes]>([
    ['which bears its label already', seen(4, { instance: instanceOf(4) })],
    ['which is drained', seen(4, { availability: 'drain' })],
    ['a worker, of whatever epoch', said(4, { epoch: '7' })],
  ])('%s', (_what, changes) => {
    const { members, findings } = matched(changes);
    expect(findings).toEqual([]);
    expect(members).toHaveLength(5);
  });

  it.each<[what: string, name: FindingName, changes: Changes, because: string]>([
    [
      'without a role, while its agent still answers',
      'NoProfile',
      shown(4, { profile: undefined }),
      'it has no instance profile, and so no role',
    ],
    ['with metadata that containers reach', 'HopLimit', shown(4, { hopLimit: 2 }), 'its hop limit is 2'],
    ['with an old curl', 'CurlTooOld', said(4, { curl: '7.85' }), 'it has curl 7.85'],
    ['with an old engine', 'EngineUntested', said(4, { engine: '19.03.15' }), 'it runs Docker 19.03.15'],
  ])('%s, which is told as well', (_what, name, changes, because) => {
    const { members, findings } = matched(changes);
    expect(findings).toEqual([{ name, about: instanceOf(4), because }]);
    expect(members).toHaveLength(5);
  });

  it('and what is told of its machine is told of one in no swarm, too', () => {
    const { findings } = matched(said(4, { state: 'inactive', curl: '7.85' }));
    expect(findings.map(({ name }) => name)).toEqual(['NotInSwarm', 'CurlTooOld']);
  });
});

describe('a version', () => {
  const named = (changes: Changes): string[] => matched(changes).findings.map(({ name }) => name);

  it.each([
    ['6.99', true],
    ['7.9', true],
    ['7.85.1', true],
    ['7.86', false],
    ['7.100.0', false],
    ['8.0', false],
    ['', false],
    ['latest', false],
    ['r7.85', false],
  ])('%s of curl is too old: %s', (curl, isOld) => {
    expect(named(said(4, { curl }))).toEqual(isOld ? ['CurlTooOld'] : []);
    expect(named(said(2, { curl }))).toEqual(isOld ? ['ManagerCurlTooOld'] : []);
  });

  it.each([
    ['1.13.1', true],
    ['20.9', true],
    ['20.10.24', false],
    ['28.2.2+dfsg1', false],
    ['29.0.0', false],
    ['29.12', false],
    ['30.0.0-rc.1', true],
    ['', false],
    ['dev', false],
  ])('%s of Docker is one that nobody has tested: %s', (engine, isUntested) => {
    expect(named(said(4, { engine }))).toEqual(isUntested ? ['EngineUntested'] : []);
  });
});
