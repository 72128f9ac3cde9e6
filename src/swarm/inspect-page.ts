// Reads what the inspect document prints: pages of nodes, one line each, gzipped and in base64 (24,000 characters are all SSM gives).
import { createHash } from 'node:crypto';

import * as z from 'zod';

import { instanceId, nodeIdText, nodeAddress } from '../core/names.ts';
import type { Ghosts, KnownNode, LeftOnServices, SwarmNode, TokenDigests } from '../core/tidy/facts.ts';
import { unpacked, unreadable } from './packed.ts';

const STATES = ['ready', 'down', 'unknown', 'disconnected'] as const;
const AVAILABILITIES = ['active', 'pause', 'drain'] as const;

/** The longest base64 that a result has room for, and what a page of 400 nodes may unpack to. */
const PACKED = 24_000;
const UNPACKED = 1_000_000;
/** Neither of what is told beside the nodes may stop a tidy of them: what is not in its form is not heard. */
const BESIDE = 200;
const texts = z.array(z.unknown()).transform((list) => list.filter((one) => typeof one === 'string').slice(0, BESIDE));
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
/** `task@node`. */
const GHOST = /^[0-9a-z]{25}@[0-9a-z-]{1,25}$/;

export const inspectPage = z.object({
  total: count,
  nodes: z.string().max(PACKED),
  /** Plain healthy workers, where they were not listed. */
  healthy: count.optional(),
  digest: hash.optional(),
  tokens: z.object({ worker: hash, manager: hash }).optional().catch(undefined),
  /** With the first page, where the engine told its tasks; older documents tell nothing of them. */
  ghosts: z
    .object({ count, tasks: texts.transform((tasks) => tasks.filter((one) => GHOST.test(one))) })
    .optional()
    .catch(undefined),
  /** How many services bear the label of a mark, whether one of skep's or not; not all of them may have been told. */
  marked: count.optional().catch(undefined),
  /** `SERVICE MARK NAME`, and `SERVICE SINCE [PHASE]` of histories that were not put back. */
  marks: texts.optional().catch(undefined),
  kept: texts.optional().catch(undefined),
});
export type InspectPage = z.infer<typeof inspectPage>;

export interface ReadSwarm {
  readonly nodes: readonly SwarmNode[];
  /** As many as the manager said that there are, on each page the same. */
  readonly whole: boolean;
  readonly tokens: TokenDigests | undefined;
  readonly ghosts: Ghosts | undefined;
  readonly left: LeftOnServices;
}

/**
 * @param expected workers that the table has as ready, of instances that are in a group
 * @returns undefined where the healthy ones were told by a digest only, and it is not that of the expected ones: ask for all then
 * @throws {FlowError} PageUnreadable for a page that was cut off or is not one: a half-read swarm must not be repaired
 */
export function readSwarm(pages: readonly InspectPage[], expected: readonly KnownNode[]): ReadSwarm | undefined {
  const listed = pages.flatMap(({ nodes }) => readLines(nodes));
  const [first] = pages;
  const isSame = ({ total, digest }: InspectPage): boolean => total === first?.total && digest === first.digest;
  const whole = first !== undefined && pages.every(isSame) && listed.length === first.total;
  const told = { tokens: first?.tokens, ghosts: first?.ghosts, left: leftOf(first) };
  if (first?.digest === undefined) {
    return { nodes: listed, whole, ...told };
  }
  const isListed = new Set(listed.map(({ nodeId }) => nodeId));
  const plain = expected.flatMap(({ instance, nodeId }) =>
    nodeId === undefined || isListed.has(nodeId) ? [] : [plainWorker(nodeId, instance)],
  );
  return digestOf(plain) === first.digest ? { nodes: [...listed, ...plain], whole, ...told } : undefined;
}

const MARK_LINE = /^([0-9a-z]{25}) (\S{1,2700}) ([A-Za-z0-9_.-]{1,128})$/;
const KEPT_LINE = /^([0-9a-z]{25}) (\d{1,12})(?: ([a-z]{1,20}))?$/;

/** What is not a line of these is left out: it is of one service, and says nothing of the others. */
function leftOf({ marks = [], kept = [], marked }: Partial<InspectPage> = {}): LeftOnServices {
  const told = marks.flatMap((line) => {
    const [, serviceId, mark = '', name = ''] = MARK_LINE.exec(line) ?? [];
    return serviceId === undefined ? [] : [{ serviceId, mark, name: name === '-' ? serviceId : name }];
  });
  return {
    marks: told,
    untold: Math.max(0, (marked ?? 0) - told.length),
    kept: kept.flatMap((line) => {
      const [, serviceId, since, phase] = KEPT_LINE.exec(line) ?? [];
      return serviceId === undefined
        ? []
        : [{ serviceId, since: Number(since), ...(phase === undefined ? {} : { phase }) }];
    }),
  };
}

/** As documents/verbs/inspect.sh makes it. */
function digestOf(workers: readonly SwarmNode[]): string {
  const lines = workers.map(({ nodeId, instance = '-' }) => `${nodeId} ${instance}`).toSorted();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

const plainWorker = (nodeId: string, instance: string): SwarmNode => ({
  nodeId,
  role: 'worker',
  status: 'ready',
  availability: 'active',
  instance,
  isManager: false,
  isReachable: false,
  isLeaving: false,
  version: undefined,
  age: undefined,
  address: undefined,
  neverUp: false,
});

const readLines = (page: string): SwarmNode[] => unpacked(page, UNPACKED).map(readLine);

/** Of ids, versions and times nothing is believed that is not in their form. */
const NUMBER = /^\d{1,15}$/;

function readLine(line: string): SwarmNode {
  const [nodeId, role, state, availability, instance, leader, address, mark, version, age, past] = line.split(' ');
  const status = STATES.find((known) => known === state);
  const available = AVAILABILITIES.find((known) => known === availability);
  const id = nodeIdText.safeParse(nodeId).data;
  if (
    id === undefined ||
    status === undefined ||
    available === undefined ||
    (role !== 'worker' && role !== 'manager')
  ) {
    return unreadable(
      `the inspect document printed a line that this version does not understand: ${line.slice(0, 120)}`,
    );
  }
  return {
    nodeId: id,
    role,
    status,
    availability: available,
    instance: instanceId.safeParse(instance).data,
    isManager: leader !== '-',
    isReachable: leader === 'leader' || leader === 'reachable',
    isLeaving: mark === 'leaving',
    version: numberIn(version),
    age: numberIn(age) === undefined ? undefined : Number(age),
    address: addressIn(address),
    neverUp: past === 'none',
  };
}

const addressIn = (field: string | undefined): string | undefined => nodeAddress.safeParse(field).data;

const numberIn = (field: string | undefined): string | undefined =>
  field !== undefined && NUMBER.test(field) ? field : undefined;
