// What a group says of its names in DNS, by its tags.
import type { NodeRole } from '../names.ts';

/** In which zone, and under which name, the nodes of a group are to be found. */
export interface DnsWish {
  /** Of the hosted zone: Route 53's id. */
  readonly zone: string;
  /** In lower case, without the dot at its end. Undefined: managers.<cluster> in the zone. */
  readonly name: string | undefined;
  /** Seconds. */
  readonly ttl: number;
}

/** As tags have them. */
export interface DnsTags {
  readonly zone?: string | undefined;
  readonly name?: string | undefined;
  readonly ttl?: string | undefined;
}

const DNS_TAGS = { zone: 'skep:dns-zone', name: 'skep:dns-name', ttl: 'skep:dns-ttl' } as const;

/** @param tag the value of a tag of the group, by its key. @returns undefined for a group that names no zone */
export function dnsTagsOf(tag: (key: string) => string | undefined): DnsTags | undefined {
  const zone = tag(DNS_TAGS.zone);
  return zone === undefined ? undefined : { zone, name: tag(DNS_TAGS.name), ttl: tag(DNS_TAGS.ttl) };
}

const DEFAULT_TTL = 60;
/** The hold of a scale-in grows with it. */
const MOST_TTL = 3600;
const ZONE = /^Z[A-Z0-9]{1,31}$/;
const LABEL = /^[a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @returns undefined for a group that wants none; why its tags say nothing that can be done, in words */
export function readDnsTags({ zone, name, ttl }: DnsTags, role: NodeRole): DnsWish | string | undefined {
  if (zone === undefined || zone === '') {
    return undefined;
  }
  if (!ZONE.test(zone)) {
    return `${DNS_TAGS.zone} is no id of a hosted zone: one like Z0123456789ABCDEFGHIJ is wanted`;
  }
  const plain = name?.toLowerCase().replace(/\.$/, '');
  const because = whyNoName(plain, role);
  if (because !== undefined) {
    return because;
  }
  const seconds = ttl === undefined ? DEFAULT_TTL : Number(ttl);
  return isTtl(seconds)
    ? { zone, name: plain, ttl: seconds }
    : `${DNS_TAGS.ttl} is no number of seconds from 1 to ${MOST_TTL}`;
}

const isTtl = (seconds: number): boolean => Number.isInteger(seconds) && seconds >= 1 && seconds <= MOST_TTL;

function whyNoName(name: string | undefined, role: NodeRole): string | undefined {
  if (name === undefined) {
    return role === 'manager' ? undefined : `${DNS_TAGS.name} is missing: only managers have a name by default`;
  }
  return isName(name) ? undefined : `${DNS_TAGS.name} is no name that a record can have`;
}

const isName = (name: string): boolean =>
  name.length <= 253 && name.includes('.') && name.split('.').every((label) => LABEL.test(label));

/** @param domain of the zone, without the dot at its end */
export const nameIn = ({ name }: Pick<DnsWish, 'name'>, cluster: string, domain: string): string =>
  name ?? `managers.${cluster}.${domain}`;
