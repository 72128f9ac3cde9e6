// Hears what AWS is about to do to an instance. These events come of every instance of the account: for a stranger's it is one read.
import type { SFNClient } from '@aws-sdk/client-sfn';

import { startOnce } from '../aws/executions.ts';
import type { Raise } from '../core/alarm-metric.ts';
import type { EventUnit, Meaning } from '../core/events/event.ts';
import { unitOf } from '../core/events/event.ts';
import { responseTo } from '../core/events/respond.ts';
import type { WarnedGroup } from '../core/events/respond.ts';
import { evacuationName, evacuationOf } from '../core/lifecycle/evacuation.ts';
import type { NodeItem } from '../core/model.ts';
import type { Warnings } from '../store/warnings.ts';

export interface WarnPorts {
  readonly warnings: Warnings;
  readonly states: SFNClient;
  /** As Auto Scaling has it now. */
  readonly groupNamed: (name: string) => Promise<WarnedGroup | undefined>;
  readonly events: readonly EventUnit[];
  readonly stage: string;
  /** The ARNs of these machines. */
  readonly scaleIn: string;
  readonly tidy: string;
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
  const meanings = unit.read(raw);
  if ('problem' in meanings) {
    ports.raise('EventRejected', `${unit.type}: ${meanings.problem}`, {});
    return 'rejected';
  }
  const done: string[] = [];
  for (const meaning of meanings) {
    done.push(...(await about(ports, meaning)));
  }
  return [...new Set(done)].join() || 'nothing';
}

async function about(ports: WarnPorts, meaning: Meaning): Promise<string[]> {
  const clusters = await ports.warnings.clustersOf(meaning.instance);
  if (clusters.length === 0) {
    ports.debug('a warning of a stranger', { instanceId: meaning.instance });
    return ['foreign'];
  }
  const done: string[] = [];
  for (const cluster of clusters) {
    done.push(await respond(ports, cluster, meaning));
  }
  return done;
}

async function respond(ports: WarnPorts, cluster: string, meaning: Meaning): Promise<string> {
  const { warnings } = ports;
  const node = await noted(warnings, cluster, meaning);
  if (node === undefined) {
    return 'nothing';
  }
  const group = meaning.kind === 'recommended' ? await ports.groupNamed(node.group) : undefined;
  const response = responseTo(meaning, node, ports.now(), group);
  ports.log('warned', { ...response, cluster, instanceId: meaning.instance });
  if (response.do === 'evacuate') {
    await evacuate(ports, cluster, node, response.diesAt);
  } else if (response.do === 'tidy') {
    if (meaning.kind === 'recommended') {
      await warnings.recommend(cluster, meaning.instance, ports.now());
    }
    await tidy(ports, cluster);
  }
  return response.do;
}

/** @returns the item of its node, if the warning is news */
async function noted(warnings: Warnings, cluster: string, meaning: Meaning): Promise<NodeItem | undefined> {
  switch (meaning.kind) {
    case 'hook':
      return undefined;
    case 'interruption':
      return warnings.mark(cluster, meaning.instance, meaning.at);
    case 'announced':
      return warnings.announce(cluster, meaning.instance, meaning);
    case 'recommended':
      return warnings.nodeOf(cluster, meaning.instance);
  }
}

async function evacuate(ports: WarnPorts, cluster: string, node: NodeItem, diesAt: number): Promise<void> {
  await ports.pause(GATHERING);
  const together = await ports.warnings.leavers(cluster, ports.now());
  const input = evacuationOf({ stage: ports.stage, cluster, node, together, now: ports.now() });
  await startOnce(ports.states, ports.scaleIn, evacuationName(node.instance, diesAt), input);
}

/**
 * One for all that is heard of a cluster in the same minute. Should it have begun too early for some of it, or not at all, the next
 * scheduled tidy sees what is noted.
 */
async function tidy(ports: WarnPorts, cluster: string): Promise<void> {
  if (await ports.warnings.isTidied(cluster)) {
    await startOnce(ports.states, ports.tidy, `warned-${cluster}-${Math.floor(ports.now() / 60)}`, { cluster });
  }
}
