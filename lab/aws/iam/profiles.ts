// Which role the instances of a group have. On AWS a person sets it up: docs/security.md says how.
import type { AutoScaling } from '../services/auto-scaling.ts';
import type { InstanceProfile, Role } from './principals.ts';

export class Profiles {
  readonly #autoScaling: AutoScaling;
  readonly #stage: string;
  readonly #ofGroup = new Map<string, InstanceProfile>();
  readonly #ofInstance = new Map<string, InstanceProfile>();
  /** Roles that somebody has taken the node policy from, by name. */
  readonly #detached = new Set<string>();

  constructor(autoScaling: AutoScaling, stage: string) {
    this.#autoScaling = autoScaling;
    this.#stage = stage;
  }

  set(group: string, profile: InstanceProfile): void {
    this.#ofGroup.set(group, profile);
  }

  /** Of a group that CloudFormation has made. Without a profile its instances have no role at all. */
  setMade(group: string, name: string | undefined, made: () => Role | undefined): void {
    this.#ofGroup.set(group, { ...this.#asTagged(group, {}), name: name ?? '', made });
  }

  /** All that somebody has: groups, and instances that have left theirs. */
  all(): InstanceProfile[] {
    const groups = [...this.#autoScaling.groups.values()];
    const ofGroups = groups.map(({ name, tags }) => this.#ofGroup.get(name) ?? this.#asTagged(name, tags));
    return [...ofGroups, ...this.#ofInstance.values()]
      .filter(({ name }) => name !== '')
      .map((profile) => this.#asAttached(profile));
  }

  /** The roles of groups that have the node policy of that role; what CloudFormation has made is its own affair. */
  attachedTo(role: InstanceProfile['role']): string[] {
    const all = [...this.#autoScaling.groups.values()]
      .map(({ name, tags }) => this.#ofGroup.get(name) ?? this.#asTagged(name, tags))
      .filter((profile) => profile.made === undefined && profile.role === role && 'skep:role' in profile.tags);
    return [...new Set(all.map(({ name }) => name))].filter((name) => !this.#detached.has(name)).toSorted();
  }

  detach(roleName: string): void {
    this.#detached.add(roleName);
  }

  attach(roleName: string): void {
    this.#detached.delete(roleName);
  }

  /** An instance keeps its role when it leaves its group. */
  of(instanceId: string): InstanceProfile | undefined {
    const profile = this.#profileOf(instanceId);
    return profile === undefined ? undefined : this.#asAttached(profile);
  }

  #asAttached(profile: InstanceProfile): InstanceProfile {
    return this.#detached.has(profile.name) ? { ...profile, withoutNodePolicy: true } : profile;
  }

  #profileOf(instanceId: string): InstanceProfile | undefined {
    const known = this.#ofInstance.get(instanceId);
    const group = this.#autoScaling.groupOf(instanceId);
    if (known !== undefined || group === undefined) {
      return known;
    }
    const profile = this.#ofGroup.get(group.name) ?? this.#asTagged(group.name, group.tags);
    this.#ofInstance.set(instanceId, profile);
    return profile;
  }

  /** Where nobody has said anything: the role is tagged as the group is. */
  #asTagged(group: string, tags: Readonly<Record<string, string>>): InstanceProfile {
    return {
      name: `skep-${group}`,
      stage: this.#stage,
      role: tags['skep:role'] === 'manager' ? 'manager' : 'worker',
      tags: Object.fromEntries(Object.entries(tags).filter(([key]) => key.startsWith('skep:'))),
      managedInstanceCore: true,
    };
  }
}
