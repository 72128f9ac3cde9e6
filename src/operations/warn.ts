// Hears that AWS is about to take an instance. These events come of every instance of the account: for a stranger's it is one read.
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';

import { errorName } from '../aws/errors.ts';
import type { Raise } from '../core/alarm-metric.ts';
import type { EventUnit, Meaning } from '../core/events/event.ts';
import { unitOf } from '../core/events/event.ts';
import { responseTo } from '../core/events/respond.ts';
import { evacuationName, evacuationOf } from '../core/lifecycle/evacuation.ts';
import type { NodeItem } from '../core/model.ts';
import type { Warnings } from '../store/warnings.ts';

export interface WarnPorts {
  readonly warnings: Warnings;
  readonly states: SFNClient;
  readonly events: readonly EventUnit[];
  readonly stage: string;
  /** The ARN of its machine. */
  readonly scaleIn: string;
  readonly raise: Raise;
  readonly log: (message: string, about: Record<string, unknown>) => void;
  readonly debug: (message: string, about: Record<string, unknown>) => void;
  /** An event that nobody knows. */
  readonly countUnknown: () => void;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Epoch seconds. */
  readonly now: () => number;
}

/**
 * Warnings come in crowds, since capacity runs out for many at once. So long it is waited for the others, ms: all of them are paused
 * before the first one is drained, else their tasks would go from one dying node to the next.
 */
const GATHERING = 2000;

/** @returns what was done, in a word: a test and a person who invokes it by hand read it */
export async function warn(ports: WarnPorts, raw: unknown): Promise<string> {
  const unit = unitOf(ports.events, raw);
  if (unit === undefined) {
    ports.countUnknown();
    return 'unknown';
  }
  const meaning = unit.read(raw);
  if ('problem' in meaning) {
    ports.raise('EventRejected', `${unit.type}: ${meaning.problem}`, {});
    return 'rejected';
  }
  const clusters = await ports.warnings.clustersOf(meaning.instance);
  if (clusters.length === 0) {
    ports.debug('a warning of a stranger', { instanceId: meaning.instance });
    return 'foreign';
  }
  const done: string[] = [];
  for (const cluster of clusters) {
    done.push(await respond(ports, cluster, meaning));
  }
  return done.join();
}

async function respond(ports: WarnPorts, cluster: string, meaning: Meaning): Promise<string> {
  if (meaning.kind === 'hook') {
    return 'nothing';
  }
  const { instance, at } = meaning;
  const node = await ports.warnings.mark(cluster, instance, at);
  if (node === undefined) {
    return 'nothing';
  }
  const response = responseTo(meaning, node, ports.now());
  ports.log('warned', { ...response, cluster, instanceId: instance });
  if (response.do === 'evacuate') {
    await evacuate(ports, cluster, node, response.diesAt);
  }
  return response.do;
}

async function evacuate(ports: WarnPorts, cluster: string, node: NodeItem, diesAt: number): Promise<void> {
  await ports.pause(GATHERING);
  const together = await ports.warnings.leavers(cluster, ports.now());
  const input = evacuationOf({ stage: ports.stage, cluster, node, together, now: ports.now() });
  try {
    await ports.states.send(
      new StartExecutionCommand({
        stateMachineArn: ports.scaleIn,
        name: evacuationName(node.instance, diesAt),
        input: JSON.stringify(input),
      }),
    );
  } catch (error) {
    // The event came twice.
    if (errorName(error) !== 'ExecutionAlreadyExists') {
      throw error;
    }
  }
}
