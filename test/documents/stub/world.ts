// A swarm as the docker command and the engine's API tell it, of plain data: what ids, states and roles are is the engine's, all the rest is
// whatever somebody has written there.
import { goJson, goTemplate } from './go-template.ts';
import type { Answer, Call } from './run.ts';

export interface StubNode {
  readonly ID: string;
  Version: { Index: number };
  readonly UpdatedAt: { readonly Unix: number };
  Spec: { readonly Name: string; Role: string; Availability: string; Labels: Readonly<Record<string, string>> };
  readonly Description: {
    readonly Hostname: string;
    readonly Platform: { readonly OS: string; readonly Architecture: string };
    readonly Resources: { readonly NanoCPUs: number; readonly MemoryBytes: number };
    readonly Engine: { readonly Labels: Readonly<Record<string, string>> };
  };
  readonly Status: { readonly State: string; readonly Addr: string };
  ManagerStatus: { readonly Leader: boolean; readonly Reachability: string; readonly Addr: string } | null;
}
interface Spec {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}
export interface StubService {
  readonly ID: string;
  Version: { Index: number };
  readonly UpdatedAt: { readonly Unix: number };
  Spec: Spec;
  PreviousSpec: Spec | null;
  readonly UpdateStatus: { readonly State: string } | null;
}
interface StubConfig {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Name: string; readonly Labels: Readonly<Record<string, string>>; readonly Data: string };
}
export interface World {
  readonly info: {
    readonly Swarm: {
      readonly LocalNodeState: string;
      readonly ControlAvailable: boolean;
      readonly NodeID: string;
      readonly NodeAddr: string;
      readonly Error: string;
      readonly Managers: number;
      readonly RemoteManagers: readonly { readonly NodeID: string; readonly Addr: string }[];
      readonly Cluster: {
        readonly ID: string;
        readonly Spec: { readonly EncryptionConfig: { readonly AutoLockManagers: boolean } };
        readonly DefaultAddrPool: readonly string[];
        readonly SubnetSize: number;
        readonly DataPathPort: number;
      } | null;
    };
    readonly DockerRootDir: string;
    readonly ServerVersion: string;
  };
  nodes: StubNode[];
  readonly services: StubService[];
  readonly tasks: readonly unknown[];
  readonly configs: StubConfig[];
  /** Labels of containers on this machine. */
  readonly containers: readonly Readonly<Record<string, string>>[];
  readonly volumes: readonly { readonly Name: string; readonly Options: Readonly<Record<string, string>> | null }[];
  readonly subnets: readonly string[];
  readonly instance: string;
  readonly address: string;
  readonly certificate: { readonly swarm: string; readonly role: string; readonly node: string };
  /** What Parameter Store has as the join token. */
  readonly parameter: string;
  readonly tokens: { readonly Worker: string; readonly Manager: string };
  /** What the managers say of a join. */
  readonly joins: Answer | undefined;
}

const said = (stdout: string): Answer => ({ code: 0, stdout });
const lines = (all: readonly string[]): Answer => said(all.map((one) => `${one}\n`).join(''));
const failed = (stderr: string): Answer => ({ code: 1, stdout: '', stderr: `${stderr}\n` });

/** What an option of a command is given. */
const option = (args: readonly string[], name: string): string | undefined =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
const plainArgs = (args: readonly string[]): string[] =>
  args.filter(
    (one, at) => !one.startsWith('-') && !['--format', '--filter', '--availability'].includes(args[at - 1] ?? ''),
  );

/** @throws for what no document asks for: then it is to be taught here */
export function answerOf(world: World, call: Call): Answer {
  const { tool, args } = call;
  if (tool === 'docker') return docker(world, args);
  if (tool === 'curl') return curl(world, call);
  if (tool === 'openssl') return certificateText(world);
  if (tool === 'systemctl')
    return said(args[0] === 'is-active' ? 'inactive\n' : args[0] === 'is-enabled' ? 'masked\n' : '');
  if (tool === 'cloud-init') return said('');
  throw new Error(`nobody has said what ${tool} answers`);
}

const certificateText = ({ certificate: { swarm, role, node } }: World): Answer =>
  said(
    `subject=\n    organizationName          = ${swarm}\n    organizationalUnitName    = swarm-${role}\n    commonName                = ${node}\n`,
  );

type Command = (world: World, args: readonly string[], format: string) => Answer;
const nothing: Command = () => said('');

const COMMANDS: Readonly<Record<string, Command>> = {
  info: ({ info }, _, format) => said(`${goTemplate(format, info)}\n`),
  ps: ({ containers }, _, format) =>
    lines(containers.map((labels) => goTemplate(format, { Label: (key: string) => labels[key] ?? '' }))),
  'node ls': (world, args, format) => listNodes(world, args, format),
  'node ps': (_, __, format) =>
    lines(['Shutdown 5 minutes ago', 'Failed 2 hours ago'].map((CurrentState) => goTemplate(format, { CurrentState }))),
  'node rm': (world, args) => {
    const ids = plainArgs(args.slice(2));
    world.nodes = world.nodes.filter(({ ID }) => !ids.includes(ID));
    return lines(ids);
  },
  'node inspect': ({ nodes }, args, format) => inspected(nodes, args, format, 'Error: No such node'),
  'service inspect': ({ services }, args, format) => inspected(services, args, format, 'Error: no such service'),
  'config inspect': ({ configs }, args, format) => inspected(configs, args, format, 'Error: no such config'),
  'service ls': ({ services }, args) => {
    const isMeant = ({ Spec }: StubService): boolean => !args.includes('--filter') || 'skep.shift' in Spec.Labels;
    return lines(services.filter(isMeant).map(({ ID }) => ID));
  },
  'config ls': ({ configs }, _, format) =>
    lines(configs.map(({ ID, Spec }) => (format === '' ? ID : goTemplate(format, Spec)))),
  'volume ls': ({ volumes }) => lines(volumes.map(({ Name }) => Name)),
  'volume inspect': ({ volumes }, args, format) =>
    lines(volumes.filter(({ Name }) => plainArgs(args.slice(2)).includes(Name)).map((one) => goTemplate(format, one))),
  'network inspect': ({ subnets }, _, format) =>
    said(`${goTemplate(format, { IPAM: { Config: subnets.map((Subnet) => ({ Subnet })) } })}\n`),
  'node demote': nothing,
  'node update': nothing,
  'swarm leave': nothing,
  'swarm join-token': nothing,
  'config rm': nothing,
};

function docker(world: World, args: readonly string[]): Answer {
  const [noun = '', verb = ''] = args;
  const command = COMMANDS[noun] ?? COMMANDS[`${noun} ${verb}`];
  if (command === undefined) throw new Error(`nobody has said what docker ${args.join(' ')} answers`);
  return command(world, args, option(args, '--format') ?? '');
}

function listNodes({ nodes }: World, args: readonly string[], format: string): Answer {
  const filter = option(args, '--filter') ?? '';
  const [, label = '', value = ''] = /^node\.label=([^=]*)=(.*)$/.exec(filter) ?? [];
  const chosen = nodes.filter(({ Spec }) => {
    if (filter === 'role=manager') return Spec.Role === 'manager';
    return label === '' || Spec.Labels[label] === value;
  });
  return lines(
    chosen.map((node) => {
      const { ManagerStatus: of } = node;
      const status =
        of === null ? '' : of.Leader ? 'Leader' : of.Reachability === 'reachable' ? 'Reachable' : 'Unreachable';
      const shown = {
        ID: node.ID,
        ManagerStatus: status,
        Self: false,
        Status: node.Status.State === 'ready' ? 'Ready' : 'Down',
      };
      return format === '' ? node.ID : goTemplate(format, shown);
    }),
  );
}

function inspected(
  all: readonly { readonly ID: string; readonly Spec: { readonly Name: string } }[],
  args: readonly string[],
  format: string,
  none: string,
): Answer {
  const names = plainArgs(args.slice(2));
  const found = names.map((name) =>
    all.find(({ ID, Spec }) => ID === name || Spec.Name === name || ID.slice(0, 12) === name),
  );
  const missing = names.filter((_, at) => found[at] === undefined);
  const stdout = found.map((one) => (one === undefined ? '' : `${goTemplate(format, one)}\n`)).join('');
  return missing.length === 0
    ? said(stdout)
    : { code: 1, stdout, stderr: missing.map((name) => `${none}: ${name}\n`).join('') };
}

function curl(world: World, { args, stdin }: Call): Answer {
  if (args.includes('--version')) return said('curl 8.5.0 (x86_64-pc-linux-gnu)\n');
  const url = new URL(args.find((one) => one.startsWith('http')) ?? 'http://parameters/');
  if (url.hostname === '169.254.169.254') return metadata(world, url.pathname.replace('/latest/', ''));
  if (url.hostname === 'parameters')
    return withStatus(200, goJson({ Parameter: { Value: world.parameter }, Version: 1 }));
  if (url.hostname !== 'docker') return { code: 60, stdout: '' };
  const [status, body] = engine(world, option(args, '-X') ?? 'GET', url, stdin);
  if (args.includes('-w')) return withStatus(status, body);
  return status === 200 ? said(body) : failed('');
}

const withStatus = (status: number, body: string): Answer => said(`${body}\n${status}`);

function metadata({ instance, address }: World, asked: string): Answer {
  const known: Readonly<Record<string, string>> = {
    'api/token': 'token',
    'meta-data/instance-id': instance,
    'meta-data/local-ipv4': address,
    'meta-data/placement/availability-zone': 'eu-west-1a',
    'meta-data/placement/region': 'eu-west-1',
    'meta-data/services/domain': 'amazonaws.com',
    'meta-data/iam/security-credentials/': 'role',
    'meta-data/iam/security-credentials/role': goJson({ AccessKeyId: 'A', SecretAccessKey: 'B', Token: 'C' }),
  };
  const text = known[asked];
  return text === undefined ? { code: 22, stdout: '' } : said(text);
}

function engine(world: World, method: string, url: URL, body: string): [number, string] {
  const [, noun = '', id = '', verb = ''] = url.pathname.split('/');
  const told = { _ping: 'OK', tasks: goJson(world.tasks) }[noun];
  if (told !== undefined) return [200, told];
  if (noun === 'swarm') return ofSwarm(world, id);
  if (method === 'GET') return found(world, id);
  if (noun === 'configs') return [verb === 'update' ? 200 : 201, goJson({ ID: 'k'.repeat(25) })];
  return written(noun === 'nodes' ? world.nodes : world.services, id, Number(url.searchParams.get('version')), body);
}

function ofSwarm({ info, tokens, joins }: World, what: string): [number, string] {
  if (what === '') return [200, goJson({ ID: info.Swarm.Cluster?.ID, JoinTokens: tokens })];
  return what === 'join' && joins !== undefined ? [joins.code, joins.stdout] : [200, ''];
}

function found({ services, configs }: World, id: string): [number, string] {
  const one = [...services, ...configs].find(({ ID, Spec }) => ID === id || Spec.Name === id);
  return one === undefined ? [404, goJson({ message: `${id} not found` })] : [200, goJson(one)];
}

function written(
  all: readonly (StubNode | StubService)[],
  id: string,
  version: number,
  body: string,
): [number, string] {
  const one = all.find(({ ID }) => ID === id);
  if (one === undefined) return [404, goJson({ message: `${id} not found` })];
  if (one.Version.Index !== version) return [500, goJson({ message: 'update out of sequence' })];
  if ('PreviousSpec' in one) one.PreviousSpec = one.Spec;
  // What is no JSON is refused, as the engine does.
  one.Spec = JSON.parse(body) as StubNode['Spec'] & Spec;
  one.Version = { Index: version + 1 };
  if ('ManagerStatus' in one && one.Spec.Role === 'worker') one.ManagerStatus = null;
  return [200, goJson({ Warnings: null })];
}
