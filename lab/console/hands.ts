// What a person at the lab sees and does that AWS has no call for: the swarm as its managers see it, and things that break.
import { z } from 'zod';

import { parsePattern } from '../aws/events/pattern.ts';
import type { EventFault } from '../aws/events/bus.ts';
import type { HttpRequest, HttpResponse } from '../aws/protocols/http.ts';
import type { SwarmView } from '../nodes/machines.ts';
import { INSTANCE_LABEL } from '../../src/core/labels.ts';

/** What of the lab is in reach. */
interface Reachable {
  readonly ec2: { isRunning(instanceId: string): boolean; kill(instanceId: string): void };
  readonly machines: { cut(instanceId: string): Promise<void>; heal(instanceId: string): Promise<void> };
  readonly bus: { readonly faults: EventFault[] };
  readonly clock: { busy<T>(work: Promise<T>): Promise<T> };
  view(cluster: string): Promise<SwarmView | undefined>;
  readonly console: {
    answer(request: HttpRequest): HttpResponse | undefined;
    readonly stop: (() => void) | undefined;
  };
}

const asked = z.discriminatedUnion('do', [
  z.strictObject({ do: z.enum(['kill', 'cut', 'heal']), instance: z.string() }),
  z.strictObject({ do: z.literal('drop') }),
  z.strictObject({ do: z.literal('stop') }),
]);

const SWARM = /^\/lab\/swarm\?cluster=([a-z][a-z0-9-]{0,31})$/;
/** A page of another origin cannot send it without asking first, and nobody answers that question. */
const OWN_HEADER = 'x-skep-lab';

/** What of the requests is for the lab itself; undefined for one that is meant for AWS. */
export function answerHere(lab: Reachable, request: HttpRequest): Promise<HttpResponse> | undefined {
  const answer = lab.console.answer(request);
  return answer === undefined ? answerHands(lab, request) : Promise.resolve(answer);
}

function answerHands(lab: Reachable, request: HttpRequest): Promise<HttpResponse> | undefined {
  const { method, url, headers } = request;
  const cluster = SWARM.exec(url)?.[1];
  if (cluster !== undefined && method === 'GET') {
    return lab.view(cluster).then((view) => json(200, shown(view)));
  }
  if (url !== '/lab/hands' || method !== 'POST') {
    return undefined;
  }
  return headers[OWN_HEADER] === undefined || headers['origin'] !== undefined
    ? Promise.resolve(json(403, { told: `a request needs the header ${OWN_HEADER}, and comes from no page` }))
    : lay(lab, request.body);
}

/** Without addresses and labels, of which nobody there has any use. */
function shown(view: SwarmView | undefined): unknown {
  return (
    (view && {
      nodes: view.nodes.map(({ nodeId, hostname, role, status, availability, reachability, labels }) => ({
        ...{ nodeId, hostname, role, status, availability, reachability },
        instance: labels[INSTANCE_LABEL],
      })),
      tasks: view.tasks.map(({ taskId, service, nodeId, desiredState, state, error }) => ({
        ...{ taskId, service, nodeId, desiredState, state, error },
      })),
    }) ??
    null
  );
}

async function lay(lab: Reachable, body: string): Promise<HttpResponse> {
  const wish = asked.safeParse(parsed(body));
  if (!wish.success) {
    return json(400, { told: 'kill, cut, heal with an instance, drop or stop' });
  }
  if (wish.data.do === 'stop') {
    return end(lab.console.stop);
  }
  if (wish.data.do === 'drop') {
    const pattern = parsePattern({ source: ['aws.autoscaling'] });
    lab.bus.faults.push({ pattern, effect: { kind: 'drop' }, times: 1 });
    return json(200, { told: 'the next event of Auto Scaling will be lost' });
  }
  const { do: what, instance } = wish.data;
  if (!lab.ec2.isRunning(instance)) {
    return json(409, { told: `${instance} does not run` });
  }
  if (what === 'kill') {
    lab.ec2.kill(instance);
  } else {
    await lab.clock.busy(what === 'cut' ? lab.machines.cut(instance) : lab.machines.heal(instance));
  }
  return json(200, { told: `${instance}: ${DONE[what]}` });
}

function end(stop: (() => void) | undefined): HttpResponse {
  if (stop === undefined) {
    return json(409, { told: 'this lab plays a scenario, and ends with it' });
  }
  // The one that asked is to hear of it first.
  setTimeout(stop, 100);
  return json(200, { told: 'the lab ends' });
}

const DONE = { kill: 'killed, without a word to anybody', cut: 'its cable is pulled', heal: 'its cable is put back' };

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const json = (status: number, body: unknown): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
