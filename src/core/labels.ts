// The labels of nodes and services that skep writes or reads. The scripts in documents/ spell them out: test/documents/labels.test.ts holds that
// they are these.
import { createHash } from 'node:crypto';

export const INSTANCE_LABEL = 'skep.instance';
export const GROUP_LABEL = 'skep.group';
export const ZONE_LABEL = 'skep.zone';
export const ROLE_LABEL = 'skep.role';
/** `true` on a node that skep is taking out. */
export const LEAVING_LABEL = 'skep.leaving';
/** skep's own mark on a service. Any tidy or hand-over that sees a mark after its time takes back what the mark says. */
export const MARK_LABEL = 'skep.shift';
/** Of a service, set by its owner. `off` leaves it out of a rebalance, `on` lets one with volumes be moved all the same. */
export const REBALANCE_LABEL = 'skep.rebalance';
/** Of a service, set by its owner. `off` leaves it out of hand-overs. */
export const HAND_OVER_LABEL = 'skep.hand-over';

interface LabelFacts {
  readonly instance: string;
  readonly group: string;
  readonly role: string;
  readonly zone: string;
  /** The group's own, from the metadata of its hook. */
  readonly own: Readonly<Record<string, string>>;
}

/**
 * Group names may hold almost anything; a label that the confirm document takes may not.
 *
 * @example labelValue('web workers (blue)') // web-workers--blue-
 */
function labelValue(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._/:@+-]/g, '-').slice(0, 128);
}

/** @example tier=web,skep.instance=i-0123456789abcdef0,skep.group=workers,skep.zone=eu-west-1a,skep.role=worker */
export function labelList({ instance, group, zone, role, own }: LabelFacts): string {
  const labels = {
    ...own,
    [INSTANCE_LABEL]: instance,
    [GROUP_LABEL]: labelValue(group),
    [ZONE_LABEL]: zone,
    [ROLE_LABEL]: role,
  };
  return pairsOf(labels);
}

/** @example tier=web,rack=a */
export const pairsOf = (labels: Readonly<Record<string, string>>): string => pairs(labels).join(',');

const pairs = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([key, value]) => `${key}=${value}`);

/** Of a group's own labels, in whatever order: the table keeps which ones a node was given. */
export function labelsDigest(own: Readonly<Record<string, string>>): string {
  return createHash('sha256').update(pairs(own).toSorted().join(',')).digest('hex').slice(0, 12);
}
