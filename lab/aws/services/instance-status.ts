// What DescribeInstanceStatus tells of instances: that they run, whether their status checks pass, and what EC2 has announced.
import { z } from 'zod';

import type { Instance } from './instance.ts';
import { pageOf } from './pages.ts';

const FILTERS = ['event.code', 'instance-status.status', 'system-status.status'] as const;

export const describeStatus = z.strictObject({
  Filters: z.array(z.strictObject({ Name: z.enum(FILTERS), Values: z.array(z.string()).max(200) })).optional(),
  MaxResults: z.coerce.number().int().min(5).max(1000).optional(),
  NextToken: z.string().optional(),
});

/** As EC2 writes it: what is over begins with a word in brackets, and stays in the list for a while. */
export interface Announcement {
  readonly code: string;
  readonly description: string;
  /** Milliseconds on the lab's clock. */
  readonly notBefore: number;
}

export interface Impairment {
  readonly of: 'instance' | 'system';
  /** Milliseconds on the lab's clock. */
  readonly since: number;
}

interface Sayings {
  readonly announced: ReadonlyMap<string, Announcement>;
  readonly impaired: ReadonlyMap<string, Impairment>;
}

/** Of running instances only, as without IncludeAllInstances. All filters must hold. */
export function statusesOf(
  { Filters: filters = [], MaxResults: limit, NextToken: token }: z.infer<typeof describeStatus>,
  instances: Iterable<Instance>,
  sayings: Sayings,
): unknown {
  const wanted = [...instances].filter(
    ({ instanceId, state }) =>
      state === 'running' &&
      filters.every(({ Name, Values }) => Values.includes(valueOf(Name, instanceId, sayings) ?? '')),
  );
  const { items, next } = pageOf(wanted, { limit, token }, Number.POSITIVE_INFINITY, 'InvalidNextToken');
  return {
    InstanceStatuses: items.map(({ instanceId, zone }) => ({
      InstanceId: instanceId,
      AvailabilityZone: zone,
      InstanceState: { Code: 16, Name: 'running' },
      InstanceStatus: checkOf('instance', sayings.impaired.get(instanceId)),
      SystemStatus: checkOf('system', sayings.impaired.get(instanceId)),
      ...eventsOf(instanceId, sayings.announced.get(instanceId)),
    })),
    ...(next === undefined ? {} : { NextToken: next }),
  };
}

function valueOf(filter: (typeof FILTERS)[number], instanceId: string, sayings: Sayings): string | undefined {
  if (filter === 'event.code') {
    return sayings.announced.get(instanceId)?.code;
  }
  return checkOf(filter === 'system-status.status' ? 'system' : 'instance', sayings.impaired.get(instanceId)).Status;
}

const checkOf = (of: Impairment['of'], impairment: Impairment | undefined) =>
  impairment?.of === of
    ? {
        Status: 'impaired',
        Details: [{ Name: 'reachability', Status: 'failed', ImpairedSince: new Date(impairment.since) }],
      }
    : { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] };

const eventsOf = (instanceId: string, event: Announcement | undefined): { readonly Events?: readonly unknown[] } =>
  event === undefined
    ? {}
    : {
        Events: [
          {
            InstanceEventId: `instance-event-${instanceId.slice(2)}`,
            Code: event.code,
            Description: event.description,
            NotBefore: new Date(event.notBefore),
          },
        ],
      };
