// For each document a swarm and an instance on which it does its work, with texts of somebody else's wherever such may stand.
import type { Verb } from '../../docker/support/documents.ts';
import { BEGINS } from './run.ts';
import type { Machine } from './run.ts';
import type { StubNode, StubService, World } from './world.ts';

/** What others have written: anything. Each time that one is asked for it is the next one, so a swarm has many. */
export class Texts {
  readonly #all: readonly string[];
  /** Keys that skep has none of. */
  readonly labels: Readonly<Record<string, string>>;
  #asked = 0;

  constructor(all: readonly string[], labels: Readonly<Record<string, string>>) {
    this.#all = all;
    this.labels = labels;
  }

  get text(): string {
    this.#asked += 1;
    return this.#all[this.#asked % this.#all.length] ?? '';
  }
}

export interface Scene {
  readonly given: Readonly<Record<string, string>>;
  readonly world: (texts: Texts, machine: Machine) => World;
  readonly before?: (machine: Machine) => void;
  /** Where that is how it ends. */
  readonly error?: string;
}

const id = (letter: string): string => letter.repeat(25);
const instanceOf = (letter: string): string => `i-${letter.repeat(17)}`;
const [LEADER, ODD, DOWN, LOST] = [id('a'), id('c'), id('d'), id('e')] as const;
export const GOOD = id('b');
const [WEB, STRANGE] = [id('w'), id('s')] as const;
export const OF_GOOD = instanceOf('b');
/** What only a forged line could name. */
export const FORGED = { node: id('f'), instance: instanceOf('f'), address: '10.66.66.66' };
const [SWARM, CA] = [id('z'), '0'.repeat(50)];
const ADDRESS = '10.0.0.1';
const LATER = String(BEGINS + 100_000);

export const COMMON = { cluster: 'prod', notAfter: LATER, executionTimeout: '600', epoch: '0' };
const OF_MANAGERS = { swarmId: SWARM };
const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d';

function node(letter: string, texts: Texts, changes: Partial<StubNode> = {}, own: object = {}): StubNode {
  return {
    ID: id(letter),
    Version: { Index: 7 },
    UpdatedAt: { Unix: BEGINS - 5000 },
    Spec: {
      Name: texts.text,
      Role: 'worker',
      Availability: 'active',
      Labels: { ...texts.labels, 'skep.instance': instanceOf(letter), ...own },
    },
    Description: {
      Hostname: texts.text || 'host',
      Platform: { OS: texts.text, Architecture: texts.text },
      Resources: { NanoCPUs: 4e9, MemoryBytes: 8e9 },
      Engine: { Labels: texts.labels },
    },
    Status: { State: 'ready', Addr: `10.0.0.${letter.charCodeAt(0) - 96}` },
    ManagerStatus: null,
    ...changes,
  };
}

const manager = (letter: string, texts: Texts, isLeader: boolean, own: object = {}): StubNode => {
  const plain = node(letter, texts, {}, own);
  const { Addr } = plain.Status;
  return {
    ...plain,
    Spec: { ...plain.Spec, Role: 'manager' },
    ManagerStatus: { Leader: isLeader, Reachability: 'reachable', Addr: `${Addr}:2377` },
  };
};

function service(letter: string, texts: Texts, own: object = {}): StubService {
  const spec = {
    Name: `service-${letter}`,
    Labels: { ...texts.labels, ...own },
    TaskTemplate: {
      ContainerSpec: {
        Image: texts.text,
        Env: [texts.text, texts.text],
        Hostname: texts.text,
        Labels: texts.labels,
        Mounts: [{ Type: 'volume', Source: texts.text, VolumeOptions: { DriverConfig: { Name: texts.text } } }],
        Healthcheck: { Test: [texts.text, texts.text] },
      },
      RestartPolicy: { Condition: 'any' },
      Placement: {
        Constraints: [`node.labels.x==${texts.text}`, texts.text],
        Preferences: [],
        MaxReplicas: 0,
        Platforms: [{ OS: texts.text, Architecture: texts.text }],
      },
      Resources: { Reservations: { NanoCPUs: 1, MemoryBytes: 2, GenericResources: [] } },
    },
    Mode: { Replicated: { Replicas: 2 } },
    UpdateConfig: { Order: 'start-first', Parallelism: 1 },
    EndpointSpec: { Ports: [{ PublishMode: 'host', PublishedPort: 80 }] },
  };
  return {
    ID: id(letter),
    Version: { Index: 9 },
    UpdatedAt: { Unix: BEGINS - 900 },
    Spec: spec,
    PreviousSpec: null,
    UpdateStatus: null,
  };
}

const task = (number: number, of: string, on: string, texts: Texts): object => ({
  ID: id(String(number)),
  Version: { Index: 3 },
  Labels: texts.labels,
  Spec: { ContainerSpec: { Image: texts.text, Env: [texts.text], Labels: texts.labels } },
  ServiceID: of,
  Slot: number,
  NodeID: on,
  Status: { Timestamp: '2026-11-21T20:28:12.834430175Z', State: 'running', Message: texts.text },
  DesiredState: 'running',
});

const NO_CLUSTER = { Cluster: null, ControlAvailable: false };

function world(
  texts: Texts,
  machine: Machine,
  changes: Partial<World> = {},
  swarm: Partial<World['info']['Swarm']> = {},
): World {
  return {
    info: {
      Swarm: {
        ...{
          LocalNodeState: 'active',
          ControlAvailable: true,
          NodeID: LEADER,
          NodeAddr: ADDRESS,
          Error: '',
          Managers: 1,
        },
        RemoteManagers: [{ NodeID: LEADER, Addr: `${ADDRESS}:2377` }],
        Cluster: {
          ID: SWARM,
          Spec: { EncryptionConfig: { AutoLockManagers: false } },
          ...{ DefaultAddrPool: ['172.30.0.0/16'], SubnetSize: 24, DataPathPort: 4789 },
        },
        ...swarm,
      },
      DockerRootDir: `${machine.folder}/docker`,
      ServerVersion: '20.10.24',
    },
    // The label of the odd one is whatever its owner has made it. An empty mark is none.
    nodes: [
      manager('a', texts, true),
      node('b', texts),
      node('c', texts, {}, { 'skep.instance': texts.text, 'skep.leaving': texts.text }),
    ],
    services: [
      service('w', texts),
      service('s', texts, { 'skep.shift': texts.text || '?', 'skep.rebalance': texts.text }),
    ],
    tasks: [task(1, WEB, GOOD, texts), task(2, STRANGE, GOOD, texts), task(3, STRANGE, ODD, texts)],
    configs: [
      {
        ID: id('k'),
        Version: { Index: 4 },
        Spec: {
          Name: `skep-shift-${STRANGE}`,
          Labels: { 'skep.at': texts.text, 'skep.safe': 'yes', 'skep.phase': texts.text },
          Data: 'e30=',
        },
      },
    ],
    containers: [],
    volumes: [],
    subnets: ['172.30.0.0/24', texts.text, texts.text],
    instance: instanceOf('a'),
    address: ADDRESS,
    certificate: { swarm: SWARM, role: 'worker', node: LEADER },
    parameter: `SWMTKN-1-${CA}-${'t'.repeat(25)}`,
    tokens: { Worker: `SWMTKN-1-${CA}-${'t'.repeat(25)}`, Manager: `SWMTKN-1-${CA}-${'u'.repeat(25)}` },
    joins: undefined,
    ...changes,
  };
}

const asWorker = (texts: Texts, machine: Machine): World =>
  world(texts, machine, {}, { ...NO_CLUSTER, Error: texts.text });

const [ofGood, ofLeader] = [{ instanceId: instanceOf('b'), nodeId: GOOD }, { instanceId: instanceOf('a') }];
const MANAGER = { ...COMMON, ...OF_MANAGERS };
const INSTANCE = { ...COMMON, ...ofLeader };

/** A worker that has joined, and that nobody has confirmed. */
function joinedOnly(texts: Texts, machine: Machine): World {
  const { Labels, ...spec } = node('b', texts).Spec;
  const joined = node('b', texts, { Spec: { ...spec, Availability: 'drain', Labels: unlabelled(Labels) } });
  return world(texts, machine, { nodes: [manager('a', texts, true), joined, node('c', texts)] });
}

const unlabelled = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => name !== 'skep.instance'));

/** A test holds that each document has one. */
export const SCENES: Readonly<Record<Verb, readonly Scene[]>> = {
  availability: [{ given: { ...MANAGER, ...ofGood, availability: 'pause' }, world }],
  confirm: [
    {
      given: {
        ...MANAGER,
        ...ofGood,
        addresses: '10.0.0.2',
        labels: 'skep.role=worker,tier=new',
        availability: 'active',
      },
      world: joinedOnly,
    },
  ],
  demote: [
    {
      given: { ...MANAGER, ...ofGood, address: 'none', least: '2' },
      world: (texts, machine) =>
        world(texts, machine, {
          nodes: [
            manager('a', texts, true),
            manager('b', texts, false),
            manager('c', texts, false, { 'skep.instance': texts.text }),
          ],
        }),
    },
    {
      given: { ...MANAGER, ...ofGood, nodeId: 'none', address: '10.0.0.2:2377', addresses: '10.0.0.2', least: '2' },
      world: (texts, machine) => {
        const { Labels, ...spec } = manager('b', texts, false).Spec;
        const member = { ...manager('b', texts, false), Spec: { ...spec, Labels: unlabelled(Labels) } };
        return world(texts, machine, { nodes: [manager('a', texts, true), member, manager('c', texts, false)] });
      },
    },
  ],
  drain: [
    { given: { ...MANAGER, ...ofGood, handOver: 'yes', together: `${ODD}@${instanceOf('c')}` }, world },
    { given: { ...MANAGER, ...ofGood, addresses: 'unasked' }, world: joinedOnly, error: 'OtherAddress' },
    { given: { ...MANAGER, ...ofGood, addresses: '10.0.0.2' }, world: joinedOnly },
    { given: { ...MANAGER, ...ofGood, addresses: '10.0.0.9' }, world: joinedOnly },
  ],
  fence: [
    {
      given: INSTANCE,
      world: (texts, machine) => ({ ...asWorker(texts, machine), joins: undefined }),
      error: 'NotFenced',
    },
  ],
  forget: [
    {
      given: { ...MANAGER, ...ofGood, force: 'no' },
      world: (texts, machine) => {
        const all = world(texts, machine);
        const drained = all.nodes.map((one) =>
          one.ID === GOOD ? { ...one, Spec: { ...one.Spec, Availability: 'drain' } } : one,
        );
        return { ...all, nodes: drained };
      },
    },
    { given: { ...MANAGER, ...ofGood, addresses: '10.0.0.2', force: 'yes' }, world: joinedOnly },
    { given: { ...MANAGER, ...ofGood, addresses: 'none', force: 'yes' }, world: joinedOnly },
  ],
  init: [
    {
      given: {
        ...INSTANCE,
        stage: 'dev',
        swarmId: 'none',
        tokenKey: KEY,
        addressPool: '172.30.0.0/16',
        subnetSize: '24',
        dataPathPort: '4789',
      },
      world,
    },
  ],
  inspect: ['yes', 'no'].map((brief) => ({
    given: { ...MANAGER, offset: '0', brief },
    world: (texts: Texts, machine: Machine) =>
      world(texts, machine, {
        nodes: [...world(texts, machine).nodes, node('d', texts, { Status: { State: 'down', Addr: '10.0.0.4' } })],
      }),
  })),
  join: [
    {
      given: { ...INSTANCE, stage: 'dev', role: 'worker', managers: '10.0.0.9:2377', swarmId: SWARM, caDigest: CA },
      world: asWorker,
    },
    {
      given: { ...INSTANCE, stage: 'dev', role: 'worker', managers: '10.0.0.9:2377', swarmId: SWARM, caDigest: CA },
      world: (texts, machine) =>
        world(
          texts,
          machine,
          { joins: { code: 500, stdout: JSON.stringify({ message: texts.text }) } },
          { ...NO_CLUSTER, LocalNodeState: 'inactive' },
        ),
      error: 'JoinFailed',
    },
    {
      given: { ...INSTANCE, stage: 'dev', role: 'worker', managers: '10.0.0.9:2377', swarmId: SWARM, caDigest: CA },
      world: (texts, machine) => ({
        ...asWorker(texts, machine),
        certificate: { swarm: `x${texts.text}`, role: texts.text, node: texts.text },
      }),
      error: 'ForeignSwarm',
    },
  ],
  leave: [
    { given: { ...INSTANCE, waitUntil: String(BEGINS), depart: 'no', swarmId: SWARM }, world: asWorker },
    {
      given: { ...INSTANCE, waitUntil: String(BEGINS), depart: 'yes', swarmId: SWARM },
      world: (texts, machine) => ({
        ...asWorker(texts, machine),
        certificate: { swarm: `x${texts.text}`, role: texts.text, node: texts.text },
      }),
    },
  ],
  mend: [
    {
      given: {
        ...MANAGER,
        forget: `${DOWN}@${instanceOf('d')},${GOOD}@${instanceOf('b')},${ODD}@${instanceOf('c')}`,
        restore: `${LOST}@${instanceOf('e')}@7`,
        label: `${GOOD}@${instanceOf('b')}`,
        labels: 'tier=new',
      },
      world: (texts, machine) => {
        const left = node('e', texts, {}, { 'skep.leaving': 'true' });
        const down = node('d', texts, { Status: { State: 'down', Addr: '10.0.0.4' } });
        const paused = { ...left, Spec: { ...left.Spec, Availability: 'pause' } };
        return world(texts, machine, { nodes: [...world(texts, machine).nodes, down, paused] });
      },
    },
  ],
  prepare: [{ given: INSTANCE, world: asWorker }],
  recover: [
    {
      given: { ...INSTANCE, stage: 'dev', swarmId: SWARM, tokenKey: KEY, dataPathPort: '4789', newEpoch: '1' },
      before: (machine) => {
        machine.remember('recovering', '1\n');
      },
      world: (texts, machine) => {
        const old = node('c', texts);
        const record = { ...old, Spec: { ...old.Spec, Role: 'manager' } };
        return world(texts, machine, { nodes: [manager('a', texts, true), node('b', texts), record] });
      },
    },
  ],
  rotate: [{ given: { ...MANAGER, stage: 'dev', tokenKey: KEY }, world }],
  shift: ['nodes', 'services', `on:${GOOD}`, `ids:${WEB},${STRANGE}`].map((tell) => ({
    given: {
      ...MANAGER,
      changes: `${WEB}@0@more@${LATER},${STRANGE}@0@fewer,${STRANGE}@0@include,${STRANGE}@0@settle`,
      tell,
      offset: '0',
    },
    world,
  })),
  survey: [
    { given: INSTANCE, world: asWorker },
    {
      given: { ...INSTANCE, volumes: 'yes' },
      world: (texts, machine) => ({
        ...asWorker(texts, machine),
        // Docker itself takes no other names; what lies elsewhere is anybody's to say.
        volumes: [
          { Name: 'data', Options: null },
          { Name: 'shared.files', Options: { type: 'nfs', o: texts.text, device: texts.text } },
        ],
      }),
    },
    {
      given: INSTANCE,
      world: (texts, machine) => {
        const RemoteManagers = [{ NodeID: LEADER, Addr: texts.text }];
        return {
          ...world(texts, machine, {}, { RemoteManagers }),
          certificate: { swarm: texts.text, role: texts.text, node: texts.text },
        };
      },
    },
  ],
};
