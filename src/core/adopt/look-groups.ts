// What is found of the groups that a person names: what would keep skep from working with them.
import { LAUNCHING, TERMINATING } from '../events/lifecycle-action.ts';
import { isOfAnotherStage } from '../lifecycle/hooks.ts';
import { launchHook, terminateHook } from '../names.ts';
import type { AdoptFacts, FoundGroup } from './facts.ts';
import { finding } from './findings.ts';
import type { AdoptFinding } from './findings.ts';

type Group = AdoptFacts['groups'][number];

/** `swarm join` and `swarm init`, by the command and by the engine's API. */
const JOINS = /swarm[\s/]+(join|init)(?![\w-])/;

export const groupFindings = (facts: AdoptFacts): AdoptFinding[] =>
  facts.groups.flatMap((group) =>
    group.found === undefined
      ? [finding('GroupUnknown', group.name, 'there is no such group')]
      : [...belongs(group, group.found, facts), ...works(group, group.found, facts)],
  );

function belongs({ name, role }: Group, found: FoundGroup, { stage, cluster }: AdoptFacts): AdoptFinding[] {
  const findings: AdoptFinding[] = [];
  if (found.cluster !== undefined && found.cluster !== cluster) {
    findings.push(finding('GroupOfAnother', name, `its tag says that it is in cluster ${found.cluster}`));
  }
  if (found.cluster !== undefined && found.roleTag !== undefined && found.roleTag !== role) {
    findings.push(finding('GroupOfAnother', name, `its tag says ${found.roleTag}, and you say ${role}`));
  }
  if (isOfAnotherStage(stage, found)) {
    findings.push(finding('OtherStage', name, `it has hooks of another stage of skep, and none of ${stage}`));
  }
  const moving = found.instances.filter(({ lifecycle }) => lifecycle !== 'InService' && lifecycle !== 'Standby');
  return [
    ...findings,
    ...moving.map(({ instance, lifecycle }) => finding('NotSettled', instance, `it is ${lifecycle} in ${name}`)),
  ];
}

function works({ name, role, userData }: Group, found: FoundGroup, { stage }: AdoptFacts): AdoptFinding[] {
  const own = [launchHook(stage), terminateHook(stage)];
  const foreign = found.hooks.filter((hook) => !own.includes(hook.name) && isOfInstances(hook.transition));
  return [
    ...foreign.map((hook) => finding('ForeignHook', name, `it has the hook ${hook.name} (${hook.transition})`)),
    ...(found.suspended.length > 0
      ? [finding('Suspended', name, `suspended processes: ${found.suspended.join(', ')}`)]
      : []),
    ...(role === 'manager' ? ofManagers(name, found) : []),
    ...ofUserData(name, userData),
  ];
}

function ofUserData(name: string, userData: Group['userData']): AdoptFinding[] {
  if (userData === undefined) {
    return [];
  }
  if ('unseen' in userData) {
    return [finding('NotLookedAt', name, `the user data of its instances: ${userData.unseen}`)];
  }
  return JOINS.test(userData.seen)
    ? [finding('UserDataJoins', name, 'the user data of its instances joins or founds a swarm by itself')]
    : [];
}

function ofManagers(name: string, { healthCheckType, launchesFirst }: FoundGroup): AdoptFinding[] {
  return [
    ...(/ELB|VPC_LATTICE/.test(healthCheckType)
      ? [finding('LoadBalancerChecks', name, `its health check type is ${healthCheckType}`)]
      : []),
    ...(launchesFirst
      ? []
      : [finding('TerminatesFirst', name, 'its maintenance policy does not launch before it ends')]),
  ];
}

const isOfInstances = (transition: string): boolean => transition === LAUNCHING || transition === TERMINATING;
