// The labels that skep puts on a node, in the form that the documents take.
import { createHash } from 'node:crypto';

export const INSTANCE_LABEL = 'skep.instance';
export const ZONE_LABEL = 'skep.zone';

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
    'skep.group': labelValue(group),
    [ZONE_LABEL]: zone,
    'skep.role': role,
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
