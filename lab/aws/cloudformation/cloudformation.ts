// CloudFormation as the lab plays it: stacks of the types that cluster/ uses, over the groups and the IAM of the lab.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { compilePolicy } from '../iam/policy.ts';
import type { Profiles } from '../iam/profiles.ts';
import type { AutoScaling } from '../services/auto-scaling.ts';
import type { Route53 } from '../services/route53.ts';
import type { Service } from '../services/service.ts';
import type { Stack } from '../stack/stack.ts';
import { Account } from './account.ts';
import { cloudFormationApi } from './api.ts';
import { Drift } from './drift.ts';
import { MadeGroups } from './groups.ts';
import { GivenRemoval } from './given-removal.ts';
import { Provisioner } from './provisioner.ts';
import type { ResourceFault } from './provisioner.ts';
import { RECORDS } from './records.ts';
import { MadeRoles } from './roles.ts';
import { Stacks } from './stacks.ts';
import { zoneHandlers } from './zones.ts';

interface Sources {
  readonly clock: Clock;
  readonly random: Random;
  readonly autoScaling: AutoScaling;
  readonly route53: Route53;
  readonly profiles: Profiles;
  /** What is deployed already, without CloudFormation's help. */
  readonly deployed: readonly [Stack, ...Stack[]];
  /** Takes away what the lab runs on: the only stack that was deployed without CloudFormation's help. */
  readonly undeploy: () => void;
}

export class CloudFormation {
  readonly account: Account;
  readonly stacks: Stacks;
  readonly api: Service;
  /** A knob: resources that fail. */
  readonly faults: ResourceFault[];

  constructor({ clock, random, autoScaling, route53, profiles, deployed, undeploy }: Sources) {
    const [place] = deployed;
    const account = new Account(place);
    this.account = account;
    const policies = deployed.flatMap(({ managedPolicies }) => managedPolicies);
    const roles = new MadeRoles(
      account,
      policies.map(({ arn, document, logicalId }) => ({ arn, policy: compilePolicy(document, logicalId) })),
    );
    const groups = new MadeGroups({
      account,
      autoScaling,
      hasProfile: (nameOrArn) => roles.hasProfile(nameOrArn),
      setProfile: (group, profile) => {
        const name = profile?.replace(/^.*[/]/, '');
        profiles.setMade(group, name, () => (profile === undefined ? undefined : roles.ofProfile(profile)));
      },
    });
    const handlers = { ...RECORDS, ...zoneHandlers(route53), ...roles.handlers, ...groups.handlers };
    const provisioner = new Provisioner({ account, clock, random, handlers });
    this.faults = provisioner.faults;
    const given = new GivenRemoval({
      clock,
      undeploy,
      holders: (logicalId) => profiles.attachedTo(logicalId === 'ManagerNodePolicy' ? 'manager' : 'worker'),
    });
    this.stacks = new Stacks({ place, clock, random, account, provisioner, given }, deployed);
    this.api = cloudFormationApi(this.stacks, new Drift({ clock, random, provisioner }));
  }
}
