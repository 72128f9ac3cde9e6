// The document that changes services so that tasks move between nodes, on a simulated machine. What documents/verbs/shift.sh does, step by step.
import { createHash } from 'node:crypto';

import { MARK_LABEL } from '../../../../src/core/labels.ts';
import { begin, managersTold } from './node.ts';
import type { Script } from './script.ts';
import { changeService } from './service-changes.ts';
import { nodeLine, nodePlaces, packed, placesOf, runsOn, serviceLine } from './service-lines.ts';
import type { Service } from '../../../swarm/services/service.ts';
import type { Swarm } from '../../../swarm/raft/swarm.ts';

/** One write after another: each is an entry in the raft. */
const WRITE_TIME = 20;

export async function shift(script: Script): Promise<Record<string, unknown>> {
  await begin(script);
  const refused = await change(script);
  const swarm = await script.cluster('read', 20);
  const places = nodePlaces(swarm);
  return {
    digest: createHash('sha256')
      .update([...places.keys()].map((nodeId) => `${nodeId}\n`).join(''))
      .digest('hex'),
    refused,
    ...tell(script, swarm, places),
    ...(await managersTold(script)),
  };
}

async function change(script: Script): Promise<string[]> {
  const changes = script.param('changes');
  const refused: string[] = [];
  for (const one of changes === 'none' ? [] : changes.split(',')) {
    const swarm = await script.cluster('write', 10);
    const why = changeService(script, swarm, one);
    if (why !== undefined) {
      refused.push(`${one.split('@')[0] ?? ''} ${why}`);
    }
    await script.sleep(WRITE_TIME);
  }
  return refused;
}

function tell(script: Script, swarm: Swarm, places: ReadonlyMap<string, number>): Record<string, unknown> {
  const [what, ids = ''] = script.param('tell').split(':');
  const offset = Number(script.param('offset'));
  if (what === 'nodes') {
    const lines = [...places.keys()].flatMap((nodeId) => swarm.nodes.get(nodeId) ?? []).map(nodeLine);
    return packed('nodes', lines, offset);
  }
  const asked = ids.split(',');
  const told = servicesOf(swarm, what, asked).toSorted((a, b) => (a.serviceId < b.serviceId ? -1 : 1));
  const of =
    what === 'on'
      ? { of: placesOf(asked, places), moving: told.filter((one) => isMoving(swarm, one, asked)).length }
      : {};
  const lines = told.map((service) => serviceLine(swarm, service, places));
  return { ...of, ...packed('services', lines, offset) };
}

function servicesOf(swarm: Swarm, what: string | undefined, asked: readonly string[]): readonly Service[] {
  const all = swarm.tasks.services.all();
  switch (what) {
    case 'services':
      return all;
    case 'ids':
      return all.filter(({ serviceId }) => asked.includes(serviceId));
    default:
      return all.filter((service) => isMarked(service) || runsOn(swarm, service, asked));
  }
}

const isMarked = ({ current }: Service): boolean => current.spec.labels[MARK_LABEL] !== undefined;

const isMoving = (swarm: Swarm, service: Service, nodes: readonly string[]): boolean =>
  /^(more|exclude)@\d/.test(service.current.spec.labels[MARK_LABEL] ?? '') && runsOn(swarm, service, nodes);
