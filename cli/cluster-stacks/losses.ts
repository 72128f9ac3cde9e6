// Asks, before a cluster goes, what goes with it: a manager for the services, and each node for its local volumes. That changes nothing.
import { setTimeout as sleep } from 'node:timers/promises';

import { agentsOf } from '../../src/aws/agents.ts';
import { sendingClient } from '../../src/aws/clients.ts';
import { runDocument } from '../../src/aws/run-document.ts';
import type { DocumentPorts } from '../../src/aws/run-document.ts';
import { serviceLines, volumeLines, volumesIn } from '../../src/core/cluster/losses.ts';
import type { OrUnread, RunningService, VolumeSummary } from '../../src/core/cluster/losses.ts';
import { chunks } from '../../src/core/chunks.ts';
import { commandByHand } from '../../src/core/steps/by-hand.ts';
import { allServices } from '../all-services.ts';
import { problemOf } from '../aws-problems.ts';
import { askingOf } from '../by-hand.ts';
import { Failed } from '../errors.ts';
import type { Place, Ports } from './present.ts';

/** Nodes that are asked at a time. */
const AT_ONCE = 20;
/** What does not answer costs minutes, and what goes is to be listed all the same. Ms. */
const PATIENCE = 180_000;

/** @param instances those of the groups */
export async function lossLines(ports: Ports, place: Place, instances: readonly string[]): Promise<string[]> {
  if (instances.length === 0) {
    return [];
  }
  ports.say(`asking ${instances.length} node(s) what goes with them`);
  const [services, volumes] = await Promise.all([
    unlessItFails(servicesTold(patientPorts(ports, place), place)),
    volumesTold(ports, place, instances),
  ]);
  return [...serviceLines(services), ...volumeLines(volumes)];
}

/** From now on. */
function patientPorts({ now, pause }: Ports, { stage }: Place): DocumentPorts {
  const until = now().getTime() + PATIENCE;
  return {
    ...{ ssm: sendingClient(), stage },
    now: () => Math.floor(now().getTime() / 1000),
    sleep: async (ms) => {
      if (now().getTime() > until) {
        throw new Failed(`nothing was heard within ${PATIENCE / 60_000} minutes`);
      }
      await Promise.race([pause(), sleep(ms)]);
    },
  };
}

async function servicesTold(ports: DocumentPorts, { stage, cluster }: Place): Promise<RunningService[]> {
  const asking = await askingOf(stage, cluster);
  const { services, unreadable } = await allServices({ ...asking, ports, onAsk: () => undefined });
  return [
    ...services.map(({ name, tasks }) => ({
      name,
      running: [...tasks.values()].reduce((total, { running }) => total + running, 0),
    })),
    ...unreadable.map(({ name }) => ({ name, running: undefined })),
  ].toSorted((one, other) => one.name.localeCompare(other.name));
}

async function volumesTold(
  ports: Ports,
  place: Place,
  instances: readonly string[],
): Promise<ReadonlyMap<string, OrUnread<VolumeSummary>>> {
  const agents = await unlessItFails(agentsOf(ports.ssm, instances));
  const told = new Map<string, OrUnread<VolumeSummary>>();
  for (const some of chunks(instances, AT_ONCE)) {
    const documents = patientPorts(ports, place);
    const asked = some.map(async (instance) => {
      if ('unread' in agents) {
        return [instance, agents] as const;
      }
      const isHeard = agents.get(instance) === 'online';
      return [
        instance,
        isHeard
          ? await unlessItFails(volumesOf(documents, place, instance))
          : { unread: 'its SSM agent is not heard of' },
      ] as const;
    });
    (await Promise.all(asked)).forEach(([instance, one]) => told.set(instance, one));
  }
  return told;
}

/** @throws {Failed} where it does not tell them */
async function volumesOf(ports: DocumentPorts, { cluster, stage }: Place, instance: string): Promise<VolumeSummary> {
  const command = commandByHand(
    'survey',
    { cluster, stage, tokenKey: '', now: ports.now() },
    { plan: { instance }, parameters: { volumes: 'yes' } },
  );
  const outcome = await runDocument(ports, command);
  if (!outcome.ok) {
    throw new Failed(`${outcome.error}: ${outcome.cause}`);
  }
  const volumes = volumesIn(outcome.output);
  if (volumes === undefined) {
    throw new Failed('its Docker does not tell them');
  }
  return volumes;
}

/** Whatever keeps somebody from knowing keeps nobody from going on: it is told, and a person decides. */
async function unlessItFails<T extends object>(asking: Promise<T>): Promise<OrUnread<T>> {
  try {
    return await asking;
  } catch (error) {
    return { unread: error instanceof Failed ? error.message : problemOf(error) };
  }
}
