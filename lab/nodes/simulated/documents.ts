// What each document does, on a simulated machine. The same verbs, preconditions, exit codes and output as the scripts in
// documents/: contract tests run both and compare.
import { gzipSync } from 'node:zlib';

import { EXIT_CODES } from '../../../src/core/exit-codes.ts';
import type { Clock } from '../../clock.ts';
import type { DocumentRun } from '../machines.ts';
import type { SimulatedMachine } from './machine.ts';
import type { SimulatedNode, Swarm } from './swarm.ts';

const ENGINE = '20.10.24+simulated';
const JOIN_TIME = 700;
const UPDATE_TIME = 100;
const PAGE = 400;

/** A script that ends with one of its exit codes. */
export class DocumentExit extends Error {
  readonly code: number;

  constructor(error: string, message: string) {
    super(message);
    this.name = error;
    this.code = EXIT_CODES.find((row) => row.error === error)?.code ?? 1;
  }
}

/** What a document can reach from its machine. */
export interface World {
  readonly clock: Clock;
  readonly getParameter: (machine: SimulatedMachine, name: string) => Promise<string | undefined>;
  readonly putParameter: (machine: SimulatedMachine, name: string, value: string, keyId: string) => Promise<boolean>;
  readonly found: (machine: SimulatedMachine) => Swarm;
  /** The swarm that answers at `ip:2377`. */
  readonly swarmAt: (address: string) => Swarm | undefined;
}

type Verb = (world: World, machine: SimulatedMachine, run: DocumentRun) => Promise<Record<string, unknown>>;

export async function runDocument(
  world: World,
  machine: SimulatedMachine,
  run: DocumentRun,
): Promise<Record<string, unknown>> {
  const verb = VERBS[run.verb];
  if (verb === undefined) {
    throw new Error(`simulated machines do not know the verb ${run.verb}`);
  }
  if (world.clock.now() / 1000 > Number(run.parameters['notAfter'])) {
    throw new DocumentExit('Expired', 'the command came too late');
  }
  return verb(world, machine, run);
}

const VERBS: Readonly<Record<string, Verb>> = {
  init: async (world, machine, run) => {
    await docker(world, machine, run);
    ownInstance(machine, run);
    if (machine.membership === undefined) {
      await world.clock.sleep(JOIN_TIME);
      machine.membership = member(world.found(machine), machine, 'manager');
    }
    const { swarm, node } = machine.membership;
    if (node.role !== 'manager') {
      throw new DocumentExit('ForeignSwarm', 'the node is a worker of a swarm already');
    }
    const path = `/skep/${param(run, 'stage')}/${param(run, 'cluster')}/join-token`;
    for (const role of ['worker', 'manager'] as const) {
      if (!(await world.putParameter(machine, `${path}/${role}`, swarm.joinTokens[role], param(run, 'tokenKey')))) {
        throw new DocumentExit('JoinTokenUnpublished', 'the join token could not be stored');
      }
    }
    const { swarmId, caDigest } = swarm;
    return { ...described(machine, node), swarmId, caDigest, address: `${machine.privateIp}:2377` };
  },

  join: async (world, machine, run) => {
    await docker(world, machine, run);
    ownInstance(machine, run);
    const role = param(run, 'role') === 'manager' ? 'manager' : 'worker';
    if (machine.membership !== undefined) {
      if (machine.membership.swarm.swarmId !== param(run, 'swarmId')) {
        throw new DocumentExit('ForeignSwarm', 'the node is in another swarm');
      }
      return { ...described(machine, machine.membership.node), address: machine.privateIp };
    }
    if (machine.leaving) {
      throw new DocumentExit('LeavingNode', 'the node is on its way out');
    }
    const name = `/skep/${param(run, 'stage')}/${param(run, 'cluster')}/join-token/${role}`;
    const joinToken = await world.getParameter(machine, name);
    if (joinToken === undefined) {
      throw new DocumentExit('JoinTokenUnreadable', `${name} could not be read`);
    }
    if (joinToken.split('-')[2] !== param(run, 'caDigest')) {
      throw new DocumentExit('ForeignToken', 'the join token belongs to another swarm');
    }
    const swarm = param(run, 'managers')
      .split(',')
      .map(world.swarmAt)
      .find((one) => one !== undefined);
    if (swarm?.joinTokens[role] !== joinToken) {
      throw new DocumentExit('JoinFailed', 'no manager took the node in');
    }
    await world.clock.sleep(JOIN_TIME);
    machine.membership = member(swarm, machine, role);
    return { ...described(machine, machine.membership.node), address: machine.privateIp };
  },

  confirm: async (world, machine, run) => {
    const swarm = manager(machine);
    const node = swarm.nodes.get(param(run, 'nodeId'));
    if (node === undefined) {
      throw new DocumentExit('UnknownNode', 'the managers do not know the node');
    }
    if (node.labels['skep.leaving'] !== undefined) {
      throw new DocumentExit('LeavingNode', 'the node is on its way out');
    }
    if (node.status !== 'ready') {
      throw new DocumentExit('NotReady', 'the node is not Ready');
    }
    await world.clock.sleep(UPDATE_TIME);
    const labels = Object.fromEntries(
      param(run, 'labels')
        .split(',')
        .map((pair) => pair.split('=', 2) as [string, string]),
    );
    swarm.update(node, { labels, availability: param(run, 'availability') as SimulatedNode['availability'] });
    return { nodeId: node.nodeId, status: 'ready' };
  },

  drain: async (world, machine, run) => {
    const swarm = manager(machine);
    const node = find(swarm, run);
    if (node === undefined) {
      return { member: false };
    }
    worker(node);
    await world.clock.sleep(UPDATE_TIME);
    swarm.update(node, { availability: 'drain', labels: { 'skep.leaving': 'true' } });
    return { member: true, nodeId: node.nodeId, status: node.status };
  },

  leave: async (world, machine, run) => {
    ownInstance(machine, run);
    machine.leaving = true;
    const { membership } = machine;
    if (membership === undefined) {
      return { member: false, drained: true, containers: 0, plain: 0 };
    }
    const { swarm, node } = membership;
    while (swarm.containersOn(node.nodeId) > 0 && world.clock.now() / 1000 < Number(param(run, 'waitUntil'))) {
      await world.clock.sleep(1000);
    }
    const containers = swarm.containersOn(node.nodeId);
    if (param(run, 'depart') === 'yes') {
      worker(node);
      machine.membership = undefined;
      swarm.lose(node.nodeId);
    }
    return { member: true, nodeId: node.nodeId, drained: containers === 0, containers, plain: 0 };
  },

  forget: async (world, machine, run) => {
    const swarm = manager(machine);
    const node = find(swarm, run);
    if (node === undefined) {
      return { member: false, removed: false, forced: false };
    }
    worker(node);
    const forced = param(run, 'force') === 'yes';
    for (let waited = 0; !forced && swarm.unfinishedOn(node.nodeId) > 0; waited += 1) {
      if (waited === 5) {
        throw new DocumentExit('TasksRunning', 'tasks of the node are not in a terminal state');
      }
      await world.clock.sleep(1000);
    }
    swarm.remove(node.nodeId);
    return { member: true, removed: true, forced };
  },

  inspect: async (world, machine, run) => {
    const swarm = manager(machine);
    await world.clock.sleep(UPDATE_TIME);
    const offset = Number(param(run, 'offset'));
    const all = [...swarm.nodes.values()].toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    const page = all.slice(offset, offset + PAGE);
    const nodes = gzipSync(page.map(inspectLine).join('')).toString('base64');
    const next = offset + PAGE;
    const { swarmId } = swarm;
    return { swarmId, total: all.length, offset, nodes, ...(next < all.length ? { next } : {}) };
  },
};

function inspectLine({ nodeId, role, status, availability, labels, address }: SimulatedNode): string {
  const leader = role === 'manager' ? 'leader' : '-';
  return `${[nodeId, role, status, availability, labels['skep.instance'] ?? '-', leader, address].join(' ')}\n`;
}

function param({ parameters }: DocumentRun, name: string): string {
  const value = parameters[name];
  if (value === undefined) {
    throw new Error(`the document was sent without its parameter ${name}`);
  }
  return value;
}

/** Waits for dockerd, as the scripts do, until shortly before their own timeout. */
async function docker({ clock }: World, machine: SimulatedMachine, run: DocumentRun): Promise<void> {
  const patience = Math.max(0, run.timeoutSeconds - 20) * 1000;
  const wait = machine.dockerUpAt - clock.now();
  await clock.sleep(Math.min(patience, Math.max(0, wait)));
  if (clock.now() < machine.dockerUpAt) {
    throw new DocumentExit('DockerDown', 'dockerd did not answer in time');
  }
}

function ownInstance(machine: SimulatedMachine, run: DocumentRun): void {
  if (param(run, 'instanceId') !== machine.instanceId) {
    throw new DocumentExit('WrongInstance', `this is ${machine.instanceId}`);
  }
}

function manager({ membership }: SimulatedMachine): Swarm {
  if (membership?.node.role !== 'manager') {
    throw new DocumentExit('NotManager', 'this node is not a manager');
  }
  return membership.swarm;
}

function worker(node: SimulatedNode): void {
  if (node.role === 'manager') {
    throw new DocumentExit('StillManager', 'the node is a manager');
  }
}

function find(swarm: Swarm, run: DocumentRun): SimulatedNode | undefined {
  return (
    swarm.nodes.get(param(run, 'nodeId')) ??
    [...swarm.nodes.values()].find(({ labels }) => labels['skep.instance'] === param(run, 'instanceId'))
  );
}

function member(
  swarm: Swarm,
  machine: SimulatedMachine,
  role: 'worker' | 'manager',
): { swarm: Swarm; node: SimulatedNode } {
  const hostname = `ip-${machine.privateIp.replaceAll('.', '-')}`;
  return { swarm, node: swarm.join({ hostname, address: machine.privateIp, role }) };
}

function described({ zone }: SimulatedMachine, { nodeId }: SimulatedNode): Record<string, unknown> {
  return { nodeId, zone, engine: ENGINE };
}
