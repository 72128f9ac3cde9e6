// What a tidy tells because nobody but a person can mend it: each kind has a name, how bad it is, and what a person does about it.
import { TIDY_EVERY } from '../tidy/schedule.ts';

/** How it counts in a verdict. */
export interface Telling {
  readonly level: 'degraded' | 'critical';
  /** It counts when it has been there for so long, seconds: what a tidy meets half-way is no news. */
  readonly grace: number;
  readonly next: string;
}

/** Seen by two scheduled tidies, one after the other, less what they are apart by chance. */
export const SECOND_LOOK = TIDY_EVERY - 60;

export const REPORTS = {
  QuorumUnguarded: {
    level: 'critical',
    grace: 0,
    next: 'skep tidy CLUSTER --repair-hooks makes the hook anew; look which template or person has changed it',
  },
  HookBroken: {
    level: 'degraded',
    grace: 0,
    next: 'skep tidy CLUSTER --repair-hooks makes the hook anew; look which template or person has changed it',
  },
  GroupRefused: {
    level: 'degraded',
    grace: 0,
    next: 'make the tags skep:cluster and skep:role of the group and the metadata of its hooks agree (docs/failure-modes.md, wrong input)',
  },
  ForeignSwarm: {
    level: 'degraded',
    grace: 0,
    next: 'if that swarm is to be this cluster, take it in (skep adopt); if it is another one in use, detach its instances from the group (keeping the desired capacity lets the group launch others); if it is not in use, end the instance',
  },
  NodeUnknown: {
    level: 'degraded',
    grace: 0,
    next: 'if you do not know the node, drain and remove it (docker node update --availability drain, docker node rm), and rotate the join tokens',
  },
  NodeOfAnother: {
    level: 'degraded',
    grace: 0,
    next: 'look at both instances: somebody may be root on the one, or its image has a swarm folder in it; end the instance that is not what it says',
  },
  NodeDown: {
    level: 'degraded',
    grace: 0,
    next: 'look at dockerd on that instance, or end the instance: its group launches another one',
  },
  WrongRole: {
    level: 'degraded',
    grace: 0,
    next: 'end the instance: its group launches another one, which joins in the right role',
  },
  ManagerWaits: {
    level: 'degraded',
    grace: SECOND_LOOK,
    next: 'look at the manager group: the one that waits may go when its replacement is a reachable manager',
  },
  NodeWithoutGroup: {
    level: 'degraded',
    grace: SECOND_LOOK,
    next: 'attach the instance to a group again, or drain and remove its node: nobody keeps it in step',
  },
} as const satisfies Record<string, Telling>;
export type ReportName = keyof typeof REPORTS;

export const isReportName = (name: string): name is ReportName => Object.hasOwn(REPORTS, name);
