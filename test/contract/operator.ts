// What an operator sees: docker commands about nodes, on any machine of a scene, with what they say when they fail.
import { z } from 'zod';

import type { Scene } from './scene.ts';

/** `exit code: what it said`: its errors, or without an error its output. 124 for one that hung. */
export async function docker(scene: Scene, on: string, line: string, seconds?: number): Promise<string> {
  const { exitCode, stdout, stderr } = await scene.world.during(scene.machines.docker(on, line.split(' '), seconds));
  return `${exitCode}: ${(stderr === '' ? stdout : stderr).trim()}`;
}

const node = z.object({ ID: z.string(), Availability: z.string(), ManagerStatus: z.string(), Status: z.string() });

/** `docker node ls` by instance numbers: `3: Ready Reachable`. What it said where it fails or hangs. */
export async function nodes(scene: Scene, on: string, seconds?: number): Promise<string[]> {
  const args = ['node', 'ls', '--format', '{{json .}}'];
  const { exitCode, stdout, stderr } = await scene.world.during(scene.machines.docker(on, args, seconds));
  if (exitCode !== 0) {
    return [`${exitCode}: ${stderr.trim()}`];
  }
  const numbers = new Map([...scene.nodes].map(([id, nodeId]) => [nodeId, String(Number(id.slice(2)))]));
  return stdout
    .trim()
    .split('\n')
    .map((line) => node.parse(JSON.parse(line)))
    .map(({ ID, Status, ManagerStatus }) => `${numbers.get(ID) ?? '-'}: ${Status} ${ManagerStatus}`.trim())
    .toSorted();
}

/** Looks at `docker node ls` until it shows this. Looks that hang are given up soon: the next one may show more. */
export function untilNodes(scene: Scene, on: string, wanted: readonly string[], timeoutMs = 40_000): Promise<string[]> {
  return scene.until(
    () => nodes(scene, on, 3),
    (seen) => seen.join() === wanted.join(),
    timeoutMs,
  );
}

const info = z.object({
  NodeID: z.string(),
  NodeAddr: z.string(),
  LocalNodeState: z.string(),
  ControlAvailable: z.boolean(),
  Error: z.string(),
  Cluster: z.object({ ID: z.string() }).nullish(),
});

/** What an engine says of its own membership. */
export async function swarmInfo(scene: Scene, on: string): Promise<z.infer<typeof info>> {
  const args = ['info', '--format', '{{json .Swarm}}'];
  const { stdout } = await scene.world.during(scene.machines.docker(on, args, 30));
  return info.parse(JSON.parse(stdout));
}
