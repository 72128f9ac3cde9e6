// What the lab that is up tells and does beside AWS: its swarm, and things that break.
import { z } from 'zod';

import type { LabAct } from './acts.ts';
import type { SeenSwarm } from './facts.ts';

const swarm = z
  .object({
    nodes: z.array(
      z.object({
        nodeId: z.string(),
        hostname: z.string(),
        role: z.string(),
        status: z.string(),
        availability: z.string(),
        reachability: z.string().optional(),
        instance: z.string().optional(),
      }),
    ),
    tasks: z.array(
      z.object({
        taskId: z.string(),
        service: z.string(),
        nodeId: z.string(),
        desiredState: z.string(),
        state: z.string(),
        error: z.string(),
      }),
    ),
  })
  .nullable();
const done = z.object({ told: z.string() });

/** @throws where no manager answers */
export async function swarmOfLab(lab: string, cluster: string): Promise<SeenSwarm> {
  const response = await fetch(new URL(`/lab/swarm?cluster=${cluster}`, lab));
  const seen = swarm.parse(await response.json());
  if (seen === null) {
    throw new Error('no manager of the swarm answers');
  }
  return seen;
}

export async function layHands(lab: string, act: LabAct | { readonly do: 'stop' }): Promise<string> {
  const response = await fetch(new URL('/lab/hands', lab), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-skep-lab': 'page' },
    body: JSON.stringify(act),
  });
  const { told } = done.parse(await response.json());
  if (!response.ok) {
    throw new Error(told);
  }
  return told;
}
