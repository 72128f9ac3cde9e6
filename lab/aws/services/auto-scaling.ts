// EC2 Auto Scaling as the lab plays it: groups that launch and terminate instances, with lifecycle hooks in between.
import type { Lifecycle, Member, Group, HealthyRange, InstanceRefresh } from './group.ts';
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import type { Ec2 } from './ec2.ts';
import { LaunchFailures } from './launch-failures.ts';
import { Memberships } from './memberships.ts';
import { OpenActions } from './open-actions.ts';
import { Refreshes } from './refresh.ts';
import { LAUNCH, POOL_START, POOL_TERMINATION, ROOT_VOLUME_COMES, ROOT_VOLUME_GOES } from './passages.ts';
import { ROOT_VOLUME_TIME, TERMINATION, eventOf } from './passages.ts';
import type { OpenAction, Passage } from './passages.ts';
import { bootOf, emptiestZone, planChange } from './replacement.ts';
import { checkBounds, checkDecrement, checkDesired, checkTags, launchTags } from './group-limits.ts';
import type { MachineSpec } from '../../nodes/machines.ts';
import { AwsError } from './service.ts';
import { WarmPools, memberOf } from './warm-pool.ts';

export interface AutoScalingOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly ec2: Ec2;
  /** How often the group looks at the health of its instances, ms. */
  readonly healthCheckEvery: number;
  readonly emit: (event: { 'detail-type': string; resources: string[]; detail: Record<string, unknown> }) => void;
  readonly onMember: (group: Group, member: Member) => void;
}

export class AutoScaling {
  readonly groups = new Map<string, Group>();
  readonly actions: ReadonlyMap<string, OpenAction>;
  /** How each action ended, for the report. */
  readonly hooks: OpenActions['ends'];
  readonly refreshes: Refreshes;
  readonly memberships: Memberships;
  readonly warmPools: WarmPools;
  readonly launchFailures: LaunchFailures;
  readonly #options: AutoScalingOptions;
  readonly #open: OpenActions;

  constructor(options: AutoScalingOptions) {
    this.#options = options;
    this.#open = new OpenActions(options.clock, (action, result) => {
      this.#end(action, result);
    });
    this.actions = this.#open.byToken;
    this.hooks = this.#open.ends;
    const reconcile = (group: Group): void => {
      this.#reconcile(group);
    };
    const newId = (): string => options.random.uuid();
    this.refreshes = new Refreshes({
      now: () => options.clock.now(),
      newId,
      terminate: (group, member) => {
        this.#terminate(group, member);
      },
      reconcile,
    });
    this.memberships = new Memberships({
      now: () => options.clock.now(),
      managed: (instanceId) => this.#managed(instanceId),
      zoneOf: (id) => (options.ec2.isRunning(id) ? options.ec2.instances.get(id)?.zone : undefined),
      changed: options.onMember,
      reconcile,
    });
    this.warmPools = new WarmPools({
      changed: options.onMember,
      wait: (group, member, passage) => {
        this.#wait(group, member, passage);
      },
      launch: (group) => this.#newMember(group),
      refuses: (group) => this.launchFailures.refuses(group),
      close: (instanceId) => {
        this.#open.closeAll(instanceId);
      },
      reconcile,
      ec2: options.ec2,
    });
    this.launchFailures = new LaunchFailures({ clock: options.clock, newId, reconcile });
    this.#checkHealthLater();
  }

  createGroup(group: Omit<Group, 'members' | 'hooks' | 'desired'>, desired: number): Group {
    if (this.groups.has(group.name)) {
      throw new AwsError('AlreadyExists', `AutoScalingGroup by this name already exists - ${group.name}`);
    }
    checkTags(group.tags);
    const created: Group = { ...group, hooks: new Map(), members: new Map(), desired: 0 };
    this.groups.set(group.name, created);
    if (desired > 0) {
      this.setDesired(group.name, desired);
    }
    return created;
  }

  group(name: string): Group {
    const group = this.groups.get(name);
    if (group === undefined) {
      throw new AwsError('ValidationError', `AutoScalingGroup name not found - AutoScalingGroup ${name} not found`);
    }
    return group;
  }

  groupOf(instanceId: string): Group | undefined {
    return [...this.groups.values()].find((group) => memberOf(group, instanceId) !== undefined);
  }

  /** As somebody does it in a console. Instances keep the tags that they were launched with. */
  setTags(name: string, tags: Readonly<Record<string, string>>): void {
    checkTags(tags);
    this.group(name).tags = tags;
  }

  setDesired(name: string, desired: number): void {
    const group = this.group(name);
    checkDesired(group, desired);
    group.desired = desired;
    this.#reconcile(group);
  }

  setBounds(name: string, bounds: { readonly min: number; readonly max: number }, desired: number): void {
    Object.assign(this.group(name), bounds);
    this.setDesired(name, desired);
  }

  /** What is left out stays; a desired capacity that is left out is moved into the new bounds. @throws {AwsError} */
  update(name: string, wish: Readonly<Record<'min' | 'max' | 'desired', number | undefined>>): void {
    const group = this.group(name);
    const { min = group.min ?? 0, max = group.max ?? Infinity } = wish;
    const { desired = Math.min(max, Math.max(min, group.desired)) } = wish;
    checkBounds({ min, max, desired });
    this.setBounds(name, { min, max }, desired);
  }

  /** @throws {AwsError} while instances are in it, as without ForceDelete */
  deleteGroup(name: string): void {
    const { members, warmPool } = this.group(name);
    if (members.size > 0 || warmPool !== undefined) {
      const why = 'there are instances or pending Spot instance request(s) still in the group.';
      throw new AwsError('ResourceInUse', `You cannot delete an AutoScalingGroup while ${why}`);
    }
    this.groups.delete(name);
  }

  terminateInstance(instanceId: string, decrement: boolean): void {
    const owner = this.groupOf(instanceId);
    if (owner !== undefined && this.warmPools.endRetained(owner, instanceId)) {
      return;
    }
    const { group, member } = this.#managed(instanceId);
    if (decrement) {
      checkDecrement(group);
      group.desired = Math.max(0, group.desired - 1);
    }
    if (member.lifecycle === 'Terminating:Retained') {
      this.#endRetention(group, member);
    } else {
      this.#terminate(group, member);
    }
    this.#reconcile(group);
  }

  /** EnterStandby (with a decrement) and ExitStandby: meanwhile it counts for nothing, and nobody looks at its health. */
  setStandby(instanceId: string, inStandby: boolean): void {
    const { group, member } = this.#managed(instanceId);
    if (member.lifecycle !== (inStandby ? 'InService' : 'Standby')) {
      throw new AwsError('ValidationError', `The instance ${instanceId} is ${member.lifecycle}`);
    }
    group.desired += inStandby ? -1 : 1;
    if (inStandby) {
      this.#become(group, member, 'Standby');
    } else {
      // AWS's diagram of the life cycle leads from Standby to Pending, and so past the launch hook.
      this.#wait(group, member, LAUNCH);
    }
    this.#reconcile(group);
  }

  /** Its root volume is replaced: it leaves and comes again as the same instance, with a blank disk. @throws {AwsError} */
  replaceRootVolume(instanceId: string): void {
    const { group, member } = this.#managed(instanceId);
    if (member.lifecycle !== 'InService') {
      throw new AwsError('ValidationError', `The instance ${instanceId} is ${member.lifecycle}`);
    }
    this.#wait(group, member, ROOT_VOLUME_GOES);
  }

  /** The next health check acts on it. */
  setHealth(instanceId: string, healthy: boolean, options: { readonly respectGracePeriod: boolean }): void {
    const { group, member } = this.#managed(instanceId);
    const { inServiceSince = Infinity } = member;
    const isYoung = this.#options.clock.now() - inServiceSince < (group.gracePeriod ?? 0);
    if (healthy || !isYoung || !options.respectGracePeriod) {
      member.healthy = healthy;
    }
  }

  startRefresh(name: string, range: Partial<HealthyRange>, awaitsTermination: boolean): InstanceRefresh {
    return this.refreshes.start(this.group(name), { range, awaitsTermination });
  }

  /** An alarm of CloudWatch is in its ALARM state. */
  readonly heardAlarm = (alarm: string): void => {
    for (const group of this.groups.values()) {
      this.refreshes.heard(group, alarm);
    }
  };

  #managed(instanceId: string): { group: Group; member: Member } {
    const group = this.groupOf(instanceId);
    const member = group?.members.get(instanceId);
    if (group === undefined || member === undefined) {
      throw new AwsError(
        'ValidationError',
        `Instance Id not found - No managed instance found for instance ID: ${instanceId}`,
      );
    }
    return { group, member };
  }

  #endRetention(group: Group, member: Member): void {
    if (group.retainedEndsBy === 'hook-again') {
      this.#wait(group, member, TERMINATION);
    } else {
      this.#remove(group, member);
    }
  }

  complete(action: OpenAction, result: 'CONTINUE' | 'ABANDON'): void {
    this.#open.complete(action, result);
  }

  heartbeat(action: OpenAction): void {
    this.#open.heartbeat(action);
  }

  findAction(...asked: Parameters<OpenActions['find']>): OpenAction {
    return this.#open.find(...asked);
  }

  #reconcile(group: Group): void {
    const { terminate, scaledIn, launch, refreshed } = planChange(group);
    this.refreshes.looked(group, refreshed);
    for (const member of terminate) {
      if (!scaledIn.includes(member) || !this.warmPools.takesBack(group, member)) {
        this.#terminate(group, member);
      }
    }
    const mayLaunch = launch > 0 && this.groups.has(group.name) && !this.launchFailures.refuses(group);
    for (let missing = mayLaunch ? launch : 0; missing > 0; missing -= 1) {
      if (!this.warmPools.gives(group)) {
        const member = this.#newMember(group);
        group.members.set(member.instanceId, member);
        this.#options.onMember(group, member);
      }
    }
    this.warmPools.fill(group);
  }

  #newMember(group: Group): Member {
    const { clock, ec2 } = this.#options;
    const zone = emptiestZone(group);
    const tags = { ...launchTags(group), 'aws:autoscaling:groupName': group.name };
    const { instanceId } = ec2.run({ zone, tags, ...bootOf(group, zone), ...this.#imageOf(group) });
    const since = clock.now();
    return { instanceId, zone, since, lifecycle: 'Pending', healthy: true, inServiceSince: undefined };
  }

  #imageOf({ machine }: Group): Pick<MachineSpec, 'swarmFolderOf' | 'hostname'> {
    const [swarmFolderOf, hostname] = [machine.swarmFolderOf, machine.hostnameOf].map((name = '') =>
      [...(this.groups.get(name)?.members.keys() ?? [])].find((id) => this.#options.ec2.isRunning(id)),
    );
    return { swarmFolderOf, hostname };
  }

  /** Called by EC2 when a machine is up. */
  started(instanceId: string): void {
    const group = this.groupOf(instanceId);
    const member = group?.members.get(instanceId);
    if (group !== undefined && member?.lifecycle === 'Pending') {
      this.#wait(group, member, member.comesFromPool === true ? POOL_START : LAUNCH);
    } else if (group !== undefined) {
      this.warmPools.started(group, instanceId);
    }
  }

  /** Called by EC2 when a machine is off. */
  stopped(instanceId: string): void {
    const group = this.groupOf(instanceId);
    if (group !== undefined) {
      this.warmPools.stopped(group, instanceId);
    }
  }

  #terminate(group: Group, member: Member): void {
    if (member.lifecycle.startsWith('Terminat')) {
      return;
    }
    this.#open.closeAll(member.instanceId);
    this.#wait(group, member, TERMINATION);
  }

  /** Waits for the hook of the passage, or goes on at once where the group has none. */
  #wait(group: Group, member: Member, passage: Passage): void {
    const hook = [...group.hooks.values()].find((one) => one.transition === passage.transition);
    if (hook === undefined) {
      // Without a termination hook a retention policy has no effect (configure-instance-retention).
      this.#proceed(group, member, 'CONTINUE', passage);
      return;
    }
    this.#become(group, member, passage.waits);
    const token = this.#options.random.uuid();
    const action = this.#open.open({ token, group: group.name, hook, instanceId: member.instanceId, passage });
    this.#options.emit(eventOf(action, groupArn(group.name)));
  }

  #end(action: OpenAction, result: 'CONTINUE' | 'ABANDON'): void {
    const group = this.groups.get(action.group);
    const member = group && memberOf(group, action.instanceId);
    if (group !== undefined && member !== undefined) {
      this.#proceed(group, member, result, action.passage);
    }
  }

  #proceed(group: Group, member: Member, result: 'CONTINUE' | 'ABANDON', passage: Passage): void {
    if (passage.destination === 'WarmPool' || passage === POOL_TERMINATION) {
      this.warmPools.proceed(group, member, result, passage);
      this.#reconcile(group);
    } else {
      this.#proceedInGroup(group, member, result, passage);
    }
  }

  #proceedInGroup(group: Group, member: Member, result: 'CONTINUE' | 'ABANDON', passage: Passage): void {
    const launching = passage.transition === 'autoscaling:EC2_INSTANCE_LAUNCHING';
    // One that has ended while its hook waited is terminated, and replaced.
    if (passage === ROOT_VOLUME_GOES && result === 'CONTINUE' && this.#options.ec2.isRunning(member.instanceId)) {
      this.#replaceRoot(group, member);
      return;
    }
    if (launching && result === 'CONTINUE') {
      member.inServiceSince = this.#options.clock.now();
      if (group.refresh !== undefined) group.refresh.progressAt = member.inServiceSince;
      this.#become(group, member, 'InService');
      this.#reconcile(group);
      return;
    }
    if (!launching && result === 'ABANDON' && group.retain) {
      this.#become(group, member, 'Terminating:Retained');
      this.#reconcile(group);
      return;
    }
    this.#remove(group, member);
    this.#reconcile(group);
  }

  #replaceRoot(group: Group, member: Member): void {
    const { clock, ec2 } = this.#options;
    this.#become(group, member, 'ReplacingRootVolume:Proceed');
    ec2.replaceRoot(member.instanceId);
    clock.schedule(ROOT_VOLUME_TIME, () => {
      if (member.lifecycle === 'ReplacingRootVolume:Proceed' && group.members.has(member.instanceId)) {
        this.#wait(group, member, ROOT_VOLUME_COMES);
      }
    });
  }

  #remove(group: Group, member: Member): void {
    this.#become(group, member, 'Terminated');
    group.members.delete(member.instanceId);
    this.#options.ec2.kill(member.instanceId);
  }

  #become(group: Group, member: Member, lifecycle: Lifecycle): void {
    member.lifecycle = lifecycle;
    this.#options.onMember(group, member);
  }

  #checkHealthLater(): void {
    this.#options.clock.schedule(this.#options.healthCheckEvery, () => {
      for (const group of this.groups.values()) {
        for (const member of group.members.values()) {
          if (member.lifecycle === 'InService' && !this.#options.ec2.isRunning(member.instanceId)) {
            member.healthy = false;
          }
        }
        this.refreshes.look(group);
        this.memberships.look(group);
        this.warmPools.look(group);
        this.#reconcile(group);
      }
      this.#checkHealthLater();
    });
  }
}

export function groupArn(name: string): string {
  return `arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:00000000-0000-4000-8000-000000000000:autoScalingGroupName/${name}`;
}
