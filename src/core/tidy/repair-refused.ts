// What a tidy does about groups that claim the cluster and are not taken as its own: tells of them until they are mended or deleted.
import { isOfAnotherStage } from '../lifecycle/hooks.ts';
import { readHookMetadata } from '../lifecycle/event.ts';
import { launchHook, nodeRole, terminateHook } from '../names.ts';
import type { Conclusions } from './repair-nodes.ts';
import type { RefusedGroup, Report, TidyFacts } from './facts.ts';

/** For a person to begin with. */
const MOST_NAMED = 5;

export function repairRefused(facts: Pick<TidyFacts, 'stage' | 'cluster' | 'refused'>): Conclusions {
  const judged = (facts.refused ?? []).map((group) => ({ group, why: whyRefused(group, facts) }));
  const mended = judged.filter(({ group, why }) => why === undefined && group.because !== undefined);
  const because = 'the groups were refused once, and claim the cluster no more, or rightly by now';
  return {
    repairs:
      mended.length === 0 ? [] : [{ kind: 'dismiss', groups: mended.map(({ group: { name } }) => name), because }],
    reports: judged.flatMap(({ group, why }) => (why === undefined ? [] : [reportOf(group, why)])),
  };
}

/** As the group is now; what its last event was refused for may be mended. */
function whyRefused(
  { now }: RefusedGroup,
  { stage, cluster }: Pick<TidyFacts, 'stage' | 'cluster'>,
): string | undefined {
  if (now === undefined || isOfAnotherStage(stage, now)) {
    return undefined;
  }
  if (now.cluster === cluster) {
    // With both tags right it is one of the cluster's own, and its hooks are looked at as theirs are.
    return nodeRole.safeParse(now.role).success
      ? undefined
      : `its tag skep:cluster says ${cluster}, and its tag skep:role ${tagText(now.role)}: manager or worker is wanted`;
  }
  const own: readonly string[] = [launchHook(stage), terminateHook(stage)];
  const claims = now.hooks
    .filter(({ name }) => own.includes(name))
    .map(({ metadata }) => readHookMetadata(metadata))
    .some((read) => !('problem' in read) && read.cluster === cluster);
  return claims
    ? `its hooks say that it is of ${cluster}, and its tag skep:cluster ${tagText(now.cluster)}: its events are refused`
    : undefined;
}

const tagText = (value: string | undefined): string =>
  value === undefined || value === '' ? 'is missing' : `says ${value}`;

function reportOf({ name, instances }: RefusedGroup, why: string): Report {
  const waiting = instances.filter(({ lifecycle }) => lifecycle.endsWith(':Wait'));
  const named = waiting.slice(0, MOST_NAMED).map(({ instance, lifecycle }) => `${instance} (${lifecycle})`);
  const more = waiting.length > named.length ? `, and ${waiting.length - named.length} more` : '';
  const wait =
    waiting.length === 0 ? '' : `; ${named.join(', ')}${more}: nobody ends this wait but the hook's own timeout`;
  return { name: 'GroupRefused', group: name, because: `${why}${wait}` };
}
