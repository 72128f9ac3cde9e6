// Reads a swarm from the Docker API of one of its managers.
import { request } from 'node:http';

import { z } from 'zod';

import type { NodeView, SwarmView, TaskView } from '../machines.ts';

const nodeSchema = z.object({
  ID: z.string(),
  Spec: z.object({
    Role: z.enum(['worker', 'manager']),
    Availability: z.enum(['active', 'pause', 'drain']),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
  Description: z.object({ Hostname: z.string().default('') }).default({ Hostname: '' }),
  Status: z.object({ State: z.enum(['ready', 'down', 'unknown', 'disconnected']), Addr: z.string().default('') }),
  ManagerStatus: z
    .object({ Leader: z.boolean().default(false), Reachability: z.string(), Addr: z.string().default('') })
    .nullish(),
});

const taskSchema = z.object({
  ID: z.string(),
  ServiceID: z.string().default(''),
  NodeID: z.string().default(''),
  DesiredState: z.string(),
  Status: z.object({
    State: z.string(),
    Err: z.string().default(''),
    ContainerStatus: z.object({ ContainerID: z.string().default('') }).nullish(),
  }),
});

const serviceSchema = z.object({ ID: z.string(), Spec: z.object({ Name: z.string() }) });

/**
 * @param socketPath the Docker socket of a manager
 * @throws when it is no manager, the swarm has no leader, or it does not answer in time
 */
export async function readSwarm(socketPath: string, timeoutMs: number): Promise<SwarmView> {
  const [nodes, tasks, services] = await Promise.all([
    get(socketPath, '/nodes', timeoutMs),
    get(socketPath, '/tasks', timeoutMs),
    get(socketPath, '/services', timeoutMs),
  ]);
  const names = new Map(
    z
      .array(serviceSchema)
      .parse(services)
      .map((service) => [service.ID, service.Spec.Name]),
  );
  return {
    nodes: z.array(nodeSchema).parse(nodes).map(toNode),
    tasks: z
      .array(taskSchema)
      .parse(tasks)
      .map((task) => toTask(task, names)),
  };
}

/** The nodes alone: for whoever looks several times a second. */
export async function readNodes(socketPath: string, timeoutMs: number): Promise<NodeView[]> {
  return z
    .array(nodeSchema)
    .parse(await get(socketPath, '/nodes', timeoutMs))
    .map(toNode);
}

function toNode(node: z.infer<typeof nodeSchema>): NodeView {
  return {
    nodeId: node.ID,
    hostname: node.Description.Hostname,
    role: node.Spec.Role,
    status: node.Status.State,
    availability: node.Spec.Availability,
    reachability: reachability(node),
    labels: node.Spec.Labels ?? {},
    address: node.Status.Addr,
  };
}

function reachability({ ManagerStatus: manager }: z.infer<typeof nodeSchema>): NodeView['reachability'] {
  if (!manager) return undefined;
  if (manager.Leader) return 'leader';
  return manager.Reachability === 'reachable' ? 'reachable' : 'unreachable';
}

function toTask(task: z.infer<typeof taskSchema>, names: ReadonlyMap<string, string>): TaskView {
  return {
    taskId: task.ID,
    service: names.get(task.ServiceID) ?? task.ServiceID,
    nodeId: task.NodeID,
    desiredState: task.DesiredState,
    state: task.Status.State,
    error: task.Status.Err,
    container: task.Status.ContainerStatus?.ContainerID ?? '',
  };
}

/**
 * GET of the Docker API.
 *
 * @throws what it says instead of an answer, or that it does not answer in time
 */
export function get(socketPath: string, path: string, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request({ socketPath, path, signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`docker answered ${response.statusCode ?? 0} to ${path}: ${text.trim()}`));
      });
    });
    outgoing.on('error', reject).end();
  });
}
