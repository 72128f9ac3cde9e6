// What goes with a cluster: its services, as a manager tells them, and the local volumes of its nodes, as each of them tells its own.
import * as z from 'zod';

import { oneLine } from '../clean-text.ts';

const number = z.int().min(0);

/** What a node tells of its local volumes. */
const volumes = z.object({
  count: number,
  bytes: number,
  /** How many could not be counted in time. */
  unknown: number,
  /** `4096 data` */
  largest: z.array(z.string().regex(/^\d{1,16} [0-9A-Za-z][0-9A-Za-z_.-]{0,254}$/)).max(20),
});
export type VolumeSummary = z.infer<typeof volumes>;

const withVolumes = z.object({ volumes });

/** @returns undefined where it does not tell them */
export const volumesIn = (output: unknown): VolumeSummary | undefined => withVolumes.safeParse(output).data?.volumes;

/** Or in words, why nobody knows. */
export type OrUnread<T> = T | { readonly unread: string };

const isUnread = <T extends object>(told: OrUnread<T>): told is { readonly unread: string } => 'unread' in told;

export interface RunningService {
  readonly name: string;
  /** Undefined where that cannot be read. */
  readonly running: number | undefined;
}

/** So many are named. */
const NAMED = 20;
const NAMED_VOLUMES = 3;

export function serviceLines(told: OrUnread<readonly RunningService[]>): string[] {
  if ('unread' in told) {
    return [`services: could not be read: ${oneLine(told.unread)}`];
  }
  const named = told.slice(0, NAMED).map(({ name, running }) => `${oneLine(name)} (${running ?? '?'} running)`);
  const more = told.length > NAMED ? [`${told.length - NAMED} more`] : [];
  return [told.length === 0 ? 'services: none' : `services, ${told.length}: ${[...named, ...more].join(', ')}`];
}

/** @param told by instance */
export function volumeLines(told: ReadonlyMap<string, OrUnread<VolumeSummary>>): string[] {
  if (told.size === 0) {
    return [];
  }
  const all = [...told.values()].flatMap((one) => (isUnread(one) ? [] : [one]));
  const sum = (of: (one: VolumeSummary) => number): number => all.reduce((total, one) => total + of(one), 0);
  const silent = told.size - all.length;
  const total = `local volumes, ${sum(({ count }) => count)}: ${bytesText(sum(({ bytes }) => bytes))}`;
  const besides = [
    ...unmeasured(sum(({ unknown }) => unknown)),
    ...(silent === 0 ? [] : [`and those of ${silent} instance(s) that told nothing`]),
  ];
  return [[total, ...besides].join(', '), ...[...told].flatMap(([instance, one]) => ofInstance(instance, one))];
}

function ofInstance(instance: string, told: OrUnread<VolumeSummary>): string[] {
  if (isUnread(told)) {
    return [`  on ${instance}: could not be read: ${oneLine(told.unread)}`];
  }
  const { count, bytes, unknown, largest } = told;
  if (count === 0) {
    return [];
  }
  const named = largest.slice(0, NAMED_VOLUMES).map((one) => {
    const [size = '', name = ''] = one.split(' ');
    return `${name} ${bytesText(Number(size))}`;
  });
  const words = [`${count}, ${bytesText(bytes)}`, ...unmeasured(unknown)].join(', ');
  return [
    `  on ${instance}: ${words}${named.length === 0 ? '' : ` (${named.join(', ')}${count > named.length ? ', ...' : ''})`}`,
  ];
}

const unmeasured = (count: number): string[] => (count === 0 ? [] : [`the bytes of ${count} of them are not counted`]);

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

export function bytesText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power] ?? ''}`;
}
