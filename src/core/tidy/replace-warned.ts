// Instances that AWS has warned of with time to spare: their group replaces them as it wishes, and they leave like any other.
import { createHash } from 'node:crypto';

import { WARNING_TAGS } from '../lifecycle/warning-policy.ts';
import type { Conclusions } from './repair-nodes.ts';
import { groupOf, knownItemOf } from './repair-nodes.ts';
import type { GroupInstance, Repair, Report, ScheduledEvent, TidyFacts, TidyGroup } from './facts.ts';
import { TIDY_EVERY } from './schedule.ts';
import { isGoing, isSmallerPart, policyOf, withinShare } from './share.ts';

/**
 * What AWS announces is days ahead, so one tidy in six asks for it: about once an hour. Which one goes by a digest, since a cluster that is
 * tidied every half an hour must not be one that always comes at the wrong time. Where Health has announced something, each asks: EC2
 * knows whether it has been called off.
 */
export const asksForStatus = ({ cluster, known, now }: Pick<TidyFacts, 'cluster' | 'known' | 'now'>): boolean =>
  known.some((item) => item.announced !== undefined && item.phase !== 'gone') ||
  (createHash('sha256')
    .update(`${Math.floor(now / TIDY_EVERY)} ${cluster}`)
    .digest()[0] ?? 0) %
    6 ===
    0;

/** After these there is no instance, or one on other hardware with nothing on its own disks. */
const ENDS = ['instance-retirement', 'instance-stop'];
/** So soon AWS takes it anyway: a share is of no account, and what leaves by its hook does better than what is taken. Seconds. */
const AT_THE_DOOR = 3600;
/** What Health has announced, and EC2 does not list, counts for so long after its date. Seconds. */
const STALE = 86_400;

interface Warned {
  readonly it: GroupInstance;
  readonly group: TidyGroup;
  /** What AWS says. */
  readonly what: string;
  /** Undefined: it is to be replaced. Else why it is only told. */
  readonly unless: string | undefined;
  /** Epoch seconds: when AWS takes it. 0: it is broken now; Infinity: nobody knows. */
  readonly at: number;
}

/** @param others what this tidy replaces for another reason */
export function replaceWarned(facts: TidyFacts, others: readonly Repair[]): Conclusions {
  const warned = facts.groups.flatMap((group) =>
    group.instances
      .filter(({ lifecycle, healthy }) => lifecycle === 'InService' && healthy)
      .flatMap((it) => warningOf(it, group, facts)),
  );
  const chosen = chosenOf(
    warned.filter(({ unless }) => unless === undefined),
    facts,
    others,
  );
  return {
    repairs: chosen.map(asRepair),
    reports: [...warned.filter((one) => !chosen.includes(one)).map(asReport), ...facts.groups.flatMap(tellTags)],
  };
}

/** The first for which it is to be replaced; else the first that is told. */
function warningOf(it: GroupInstance, group: TidyGroup, facts: TidyFacts): Warned[] {
  const event = announcedOf(it.instance, facts);
  const all = [
    ...(event === undefined ? [] : [judgeAnnounced(event, group, facts.now)]),
    ...judgeImpaired(it.instance, group, facts),
    ...judgeRecommended(it.instance, group, facts),
  ];
  const first = all.find(({ unless }) => unless === undefined) ?? all[0];
  return first === undefined ? [] : [{ it, group, ...first }];
}

type Judged = Omit<Warned, 'it' | 'group'>;

/** Auto Scaling replaces such an instance by itself, unless somebody has suspended that. What has just begun may pass. */
function judgeImpaired(instance: string, group: TidyGroup, { impaired, now, downAfter }: TidyFacts): Judged[] {
  const since = impaired?.get(instance);
  if (since === undefined) {
    return [];
  }
  const what = `its status checks have failed since ${minuteOf(since)}`;
  if (!policyOf(group).impaired) {
    return [
      {
        what,
        at: 0,
        unless: `its group replaces it by its own health checks, or has them suspended (${WARNING_TAGS.impaired})`,
      },
    ];
  }
  return [{ what, at: 0, unless: now - since < downAfter ? 'that may pass' : undefined }];
}

/** A recommendation is not taken back: it counts as long as the instance lives. */
function judgeRecommended(instance: string, group: TidyGroup, { known }: TidyFacts): Judged[] {
  const { recommendedAt: since } = knownItemOf(instance, known) ?? {};
  const isWished = policyOf(group).recommended === 'drain' && group.capacityRebalance !== true;
  return since === undefined || !isWished
    ? []
    : [{ what: `EC2 recommends since ${minuteOf(since)} to rebalance`, at: Infinity, unless: undefined }];
}

const minuteOf = (time: number): string => `${new Date(time * 1000).toISOString().slice(0, 16)}Z`;

/** EC2 has the word, where it lists the event; what only Health has told counts until it is stale. */
function announcedOf(instance: string, { scheduled, known, now }: TidyFacts): ScheduledEvent | undefined {
  const listed = scheduled?.get(instance);
  if (listed !== undefined) {
    return listed.isOver === true ? undefined : listed;
  }
  const { announced: code, announcedAt: at } = knownItemOf(instance, known) ?? {};
  return code === undefined || at === undefined || now > at + STALE ? undefined : { code, at };
}

function judgeAnnounced({ code, at }: ScheduledEvent, group: TidyGroup, now: number): Judged {
  const what = `AWS has announced ${code} for ${minuteOf(at)}`;
  const { ahead } = policyOf(group);
  if (!ENDS.includes(code)) {
    return { what, at, unless: 'its node will be away for a while' };
  }
  if (ahead === undefined) {
    return { what, at, unless: `its group does not want it replaced (${WARNING_TAGS.ahead})` };
  }
  return { what, at, unless: at - now > ahead ? `its group replaces it ${ahead / 3600} hours before` : undefined };
}

/** The soonest first. What AWS takes within the hour goes whatever else goes, but for a manager, of which one goes at a time. */
function chosenOf(wanted: readonly Warned[], facts: TidyFacts, others: readonly Repair[]): Warned[] {
  if (isSmallerPart(facts)) {
    return [];
  }
  const isTaken = ({ at, group }: Warned): boolean =>
    group.role === 'worker' && at - facts.now <= AT_THE_DOOR && at > 0;
  const taken = wanted.filter(isTaken);
  const going = [
    ...facts.groups.flatMap((group) => group.instances.filter(isGoing).map(() => group)),
    ...others.flatMap((repair) => ('instance' in repair ? (groupOf(repair.instance, facts.groups) ?? []) : [])),
    ...taken.map(({ group }) => group),
  ];
  const soonest = wanted.filter((one) => !isTaken(one)).toSorted((one, other) => one.at - other.at);
  return [...taken, ...withinShare(soonest, going, facts)];
}

const asRepair = ({ it, group, what }: Warned): Repair => ({
  kind: 'replace',
  instance: it.instance,
  group: group.name,
  because: `${what}: its group replaces it`,
});

const asReport = ({ it, group, what, unless = 'not replaced now, since others are' }: Warned): Report => ({
  instance: it.instance,
  group: group.name,
  because: `${what}: ${unless}`,
});

const tellTags = ({ name, tagProblems = [] }: TidyGroup): Report[] =>
  tagProblems.map((because) => ({ group: name, because }));
