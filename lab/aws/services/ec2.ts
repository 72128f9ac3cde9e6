// EC2 as the lab plays it: instances that run on machines, and die with or without a word.
import { z } from 'zod';

import type { Clock } from '../../time/clock.ts';
import { usualClock } from '../../time/machine-clock.ts';
import type { MachineSpec, Machines } from '../../nodes/machines.ts';
import type { Random } from '../../time/random.ts';
import { describeStatus, statusesOf } from './instance-status.ts';
import type { Announcement, Impairment } from './instance-status.ts';
import { Lagging } from './lagging.ts';
import { STATE_CODES, describeInstance, valuesOf } from './instance.ts';
import type { Instance, InstanceState } from './instance.ts';
import { createTags, deleteTags, withTags, withoutTags } from './instance-tags.ts';
import { pageOf } from './pages.ts';
import { describeGroups, describeSecurityGroups } from './security-groups.ts';
import type { SecurityGroup } from './security-groups.ts';
import { describeEndpoints, describeTables, describeWays, reaches } from './vpc-ways.ts';
import type { Ways } from './vpc-ways.ts';
import { AwsError } from './service.ts';
import type { Service } from './service.ts';

/** What becomes of an instance, as DescribeInstances shows it. */
type Seen = Pick<Instance, 'state' | 'privateIp' | 'secondIp'>;

/** Until the operating system is down; on AWS usually less than a minute. What runs on it goes on as long. */
const SHUTTING_DOWN = 15_000;

const instanceIds = z.array(z.string());
const describe = z.strictObject({
  InstanceIds: instanceIds.optional(),
  Filters: z.array(z.strictObject({ Name: z.string(), Values: z.array(z.string()).max(200) })).optional(),
  MaxResults: z.coerce.number().int().min(5).max(1000).optional(),
  NextToken: z.string().optional(),
});
const terminate = z.strictObject({ InstanceIds: instanceIds });
/** Only one: what else may be asked of an instance the lab refuses. */
const attribute = z.strictObject({ InstanceId: z.string(), Attribute: z.string().pipe(z.literal('userData')) });

export interface Ec2Options {
  readonly clock: Clock;
  readonly random: Random;
  readonly machines: Machines;
  readonly onDefect: (error: unknown) => void;
  /** How much later DescribeInstances tells of an instance what became of it, ms: asked once for each. */
  readonly lag?: () => number;
}

export class Ec2 implements Service {
  readonly name = 'ec2';
  readonly instances = new Map<string, Instance>();
  /** What it has said that it will do to instances. */
  readonly announced = new Map<string, Announcement>();
  /** Whose status checks fail. */
  readonly impaired = new Map<string, Impairment>();
  /** Those that it has said it takes. */
  readonly warned = new Set<string>();
  readonly operations = {
    DescribeInstances: (input: Record<string, unknown>) => this.#describe(describe.parse(input)),
    DescribeInstanceStatus: (input: Record<string, unknown>) =>
      statusesOf(describeStatus.parse(input), this.#allSeen(), this),
    TerminateInstances: (input: Record<string, unknown>) => this.#terminateInstances(terminate.parse(input)),
    DescribeSecurityGroups: (input: Record<string, unknown>) =>
      describeSecurityGroups(this.securityGroups(), describeGroups.parse(input)),
    DescribeRouteTables: (input: Record<string, unknown>) => describeTables(this.ways(), describeWays.parse(input)),
    DescribeVpcEndpoints: (input: Record<string, unknown>) => describeEndpoints(this.ways(), describeWays.parse(input)),
    DescribeInstanceAttribute: (input: Record<string, unknown>) => this.#describeAttribute(attribute.parse(input)),
    CreateTags: (input: Record<string, unknown>) => this.#changeTags(createTags.parse(input), withTags),
    DeleteTags: (input: Record<string, unknown>) => this.#changeTags(deleteTags.parse(input), withoutTags),
  };

  readonly #clock: Clock;
  readonly #random: Random;
  readonly #machines: Machines;
  readonly #onDefect: (error: unknown) => void;
  readonly #lag: () => number;
  readonly #seen = new Map<string, Lagging<Seen>>();
  /** Called for every state change. */
  onState: (instance: Instance) => void = () => undefined;
  /** Those of the account. */
  securityGroups: () => readonly SecurityGroup[] = () => [];
  /** Of the account's VPCs. */
  ways: () => Ways = () => ({ tables: [], endpoints: [] });
  /** To EventBridge. */
  emit: (event: { 'detail-type': string; resources: string[]; detail: Record<string, unknown> }) => void = () =>
    undefined;
  /** The name of its instance profile, which IAM knows. */
  profileOf: (instanceId: string) => string | undefined = () => undefined;

  constructor({ clock, random, machines, onDefect, lag = () => 0 }: Ec2Options) {
    this.#onDefect = onDefect;
    this.#clock = clock;
    this.#random = random;
    this.#machines = machines;
    this.#lag = lag;
  }

  /** Starts an instance; `running` when its machine is up. */
  run(
    spec: Omit<MachineSpec, 'instanceId'> & {
      readonly tags: Record<string, string>;
      readonly vpcId?: string | undefined;
      readonly subnetId?: string | undefined;
      readonly hopLimit?: number | undefined;
      readonly securityGroups?: readonly string[] | undefined;
      readonly userData?: string | undefined;
    },
  ): Instance {
    const { tags, vpcId = DEFAULT_VPC, hopLimit = 1, userData, ...rest } = spec;
    const { subnetId = defaultSubnet(spec.zone), ...wished } = rest;
    const { securityGroups = [DEFAULT_SECURITY_GROUP], ...machineWished } = wished;
    const instanceId = `i-0${this.#random.hex(16)}`;
    // All docker nodes have the clock of their host.
    const clockAhead = this.#machines.kind === 'docker' ? 0 : (machineWished.clockAhead ?? usualClock(instanceId));
    const machine = { ...machineWished, clockAhead };
    const instance: Instance = {
      instanceId,
      clockAhead,
      zone: spec.zone,
      launchTime: this.#clock.now(),
      tags,
      vpcId,
      subnetId,
      hopLimit,
      securityGroups,
      userData,
      state: 'pending',
      privateIp: undefined,
      secondIp: undefined,
    };
    this.instances.set(instance.instanceId, instance);
    this.#seen.set(instance.instanceId, new Lagging(this.#clock, this.#lag()));
    this.#note(instance);
    void this.#clock.busy(this.#boot(instance, machine)).catch(this.#onDefect);
    return instance;
  }

  async #boot(instance: Instance, machine: Omit<MachineSpec, 'instanceId'>): Promise<void> {
    const { privateIp, secondIp } = await this.#machines.launch({ instanceId: instance.instanceId, ...machine });
    instance.privateIp = privateIp;
    instance.secondIp = secondIp;
    this.#note(instance);
    if (instance.state === 'pending') {
      this.#become(instance, 'running');
    }
  }

  /** The instance dies now, whatever runs on it. */
  kill(instanceId: string): void {
    const instance = this.instances.get(instanceId);
    if (instance === undefined || instance.state === 'terminated') {
      return;
    }
    this.#become(instance, 'terminated');
    void this.#clock.busy(this.#machines.terminate(instanceId)).catch(this.#onDefect);
  }

  /** A spot instance: two minutes before it is taken back. The ARN is as EC2 writes it, which is none. */
  warn(instanceId: string, action: 'terminate' | 'stop' | 'hibernate'): void {
    const zone = this.instances.get(instanceId)?.zone ?? '';
    this.warned.add(instanceId);
    this.emit({
      'detail-type': 'EC2 Spot Instance Interruption Warning',
      resources: [`arn:aws:ec2:${zone}:instance/${instanceId}`],
      detail: { 'instance-id': instanceId, 'instance-action': action },
    });
  }

  /** What is gone by then, or on its way, is not taken twice. */
  takeBack(instanceId: string, action: 'terminate' | 'stop' | 'hibernate'): void {
    if (action === 'terminate') {
      this.#shutDown(instanceId);
    } else if (this.isRunning(instanceId)) {
      this.stop(instanceId);
    }
  }

  /** As StopInstances does it: what runs goes on until the system is down; the disk and the private address stay. */
  stop(instanceId: string): void {
    const instance = this.#inState(instanceId, 'running');
    this.#become(instance, 'stopping');
    this.#clock.schedule(SHUTTING_DOWN, () => {
      if (instance.state === 'stopping') {
        this.#become(instance, 'stopped');
        void this.#clock.busy(this.#machines.stop(instanceId)).catch(this.#onDefect);
      }
    });
  }

  /** As StartInstances does it, from the disk as it was. */
  start(instanceId: string): void {
    const instance = this.#inState(instanceId, 'stopped');
    this.#become(instance, 'pending');
    void this.#clock.busy(this.#startAgain(instance)).catch(this.#onDefect);
  }

  /** It runs on, from a blank disk. Simulated machines only. */
  replaceRoot(instanceId: string): void {
    void this.#clock.busy(this.#machines.replaceRoot?.(instanceId) ?? Promise.resolve()).catch(this.#onDefect);
  }

  async #startAgain(instance: Instance): Promise<void> {
    await this.#machines.start(instance.instanceId);
    if (instance.state === 'pending') {
      this.#become(instance, 'running');
    }
  }

  #inState(instanceId: string, state: InstanceState): Instance {
    const instance = this.instances.get(instanceId);
    if (instance?.state !== state) {
      const problem = `The instance '${instanceId}' is not in a state from which it can be started or stopped`;
      throw new AwsError('IncorrectInstanceState', problem);
    }
    return instance;
  }

  /** Neither dead nor dying: SSM takes commands for a stopped instance too, and cannot deliver them. */
  isThere(instanceId: string): boolean {
    const state = this.instances.get(instanceId)?.state;
    return state !== undefined && state !== 'shutting-down' && state !== 'terminated';
  }

  /** Without a way there its agent is never heard of. */
  reachesSystemsManager(instanceId: string): boolean {
    const instance = this.instances.get(instanceId);
    return instance !== undefined && reaches(this.ways(), instance);
  }

  isRunning(instanceId: string): boolean {
    return this.instances.get(instanceId)?.state === 'running';
  }

  #become(instance: Instance, state: InstanceState): void {
    instance.state = state;
    this.#note(instance);
    this.onState(instance);
  }

  #note({ instanceId, state, privateIp, secondIp }: Instance): void {
    this.#seen.get(instanceId)?.note({ state, privateIp, secondIp });
  }

  /** As DescribeInstances has them; undefined for one that it has not. */
  #asSeen(instanceId: string): Instance | undefined {
    const [instance, seen] = [this.instances.get(instanceId), this.#seen.get(instanceId)?.seen];
    return instance === undefined || seen === undefined ? undefined : { ...instance, ...seen };
  }

  #allSeen(among?: ReadonlySet<string>): Instance[] {
    const ids = [...this.instances.keys()].filter((id) => among?.has(id) !== false);
    return ids.flatMap((id) => this.#asSeen(id) ?? []);
  }

  #terminateInstances({ InstanceIds: ids }: z.infer<typeof terminate>): unknown {
    for (const { instanceId } of this.#known(ids)) {
      this.#shutDown(instanceId);
    }
    return {
      TerminatingInstances: ids.map((InstanceId) => ({
        InstanceId,
        CurrentState: { Code: STATE_CODES['shutting-down'], Name: 'shutting-down' },
      })),
    };
  }

  #describeAttribute({ InstanceId: id }: z.infer<typeof attribute>): unknown {
    const { userData } = this.#known([id])[0] ?? {};
    return {
      InstanceId: id,
      UserData: userData === undefined ? {} : { Value: Buffer.from(userData).toString('base64') },
    };
  }

  #changeTags<Asked extends { readonly Resources: readonly string[] }>(
    asked: Asked,
    change: (tags: Instance['tags'], asked: Asked) => Instance['tags'],
  ): unknown {
    for (const instance of this.#known(asked.Resources)) {
      instance.tags = change(instance.tags, asked);
    }
    return {};
  }

  /** @throws {AwsError} where one of them is none, as AWS does before it changes any */
  #known(ids: readonly string[]): Instance[] {
    checkIds(ids);
    return ids.map((id) => {
      const instance = this.instances.get(id);
      if (instance === undefined) {
        throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
      }
      return instance;
    });
  }

  #shutDown(instanceId: string): void {
    const instance = this.instances.get(instanceId);
    if (instance === undefined || !this.isThere(instanceId)) {
      return;
    }
    this.#become(instance, 'shutting-down');
    this.#clock.schedule(SHUTTING_DOWN, () => {
      this.kill(instanceId);
    });
  }

  #describe(input: z.infer<typeof describe>): unknown {
    const { InstanceIds: ids, Filters: filters = [], MaxResults: limit, NextToken: token } = input;
    if (ids !== undefined && limit !== undefined) {
      throw new AwsError(
        'InvalidParameterCombination',
        'The parameter instancesSet cannot be used with the parameter maxResults',
      );
    }
    checkIds(ids ?? []);
    const unknown = ids?.find((id) => this.#asSeen(id) === undefined);
    if (unknown !== undefined) {
      // By id, one unknown instance fails the whole call; by filter it is silently absent.
      throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${unknown}' does not exist`);
    }
    const wanted = this.#allSeen(ids === undefined ? undefined : new Set(ids)).filter((instance) =>
      filters.every(({ Name, Values }) => valuesOf(instance, Name).some((value) => Values.includes(value))),
    );
    // Without MaxResults all come at once.
    const { items, next } = pageOf(wanted, { limit, token }, Number.POSITIVE_INFINITY, 'InvalidNextToken');
    return {
      Reservations: items.map((instance) => ({
        Instances: [describeInstance(instance, this.profileOf(instance.instanceId))],
      })),
      ...(next === undefined ? {} : { NextToken: next }),
    };
  }
}

function checkIds(ids: readonly string[]): void {
  const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) {
    throw new AwsError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  }
}

/** The account's own: whose addresses overlap is a test of the adapter's. */
export const DEFAULT_VPC = 'vpc-0a1b2c3d4e5f60718';
export const DEFAULT_SECURITY_GROUP = 'sg-0a1b2c3d4e5f60718';
/** In that VPC there is one in each zone. */
export const defaultSubnet = (zone: string): string => `subnet-0a1b2c3d4e5f6071${zone.slice(-1)}`;
