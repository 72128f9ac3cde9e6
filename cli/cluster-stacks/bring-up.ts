// Makes a cluster as its file says: shows what would change, and carries it out, one stack after the other.
import { ChangeRefused, carryOut, deleteStack, dropChangeSet, lastEvent, makeChangeSet } from '../../src/aws/stacks.ts';
import type { ChangeSet } from '../../src/aws/stacks.ts';
import type { ClusterFile } from '../../src/core/cluster/file.ts';
import { changeWords, notesOn, parametersOf, parameterWords, planSteps } from '../../src/core/cluster/plan.ts';
import type { StackFacts, StackStep } from '../../src/core/cluster/plan.ts';
import { wishedStacks } from '../../src/core/cluster/stacks.ts';
import type { StackWish } from '../../src/core/cluster/stacks.ts';
import { choosePool, networkText, parseNetwork } from '../../src/core/managers/networks.ts';
import { Failed } from '../errors.ts';
import { follow } from './follow.ts';
import { emptyGroup } from './empty-group.ts';
import { silentWatch } from './silent.ts';
import { correctSizes, lookAtSizes } from './sizes.ts';
import { groupsOf, presentOf, stacksOf, templateText } from './present.ts';
import type { Ports } from './present.ts';

/** One step, in words, and what is needed to carry it out. */
export interface Planned {
  readonly step: StackStep;
  readonly lines: readonly string[];
  readonly changes: boolean;
  /** It ends or replaces something: a person is asked. */
  readonly isGrave: boolean;
}

export async function planOf(ports: Ports, file: ClusterFile): Promise<Planned[]> {
  const { stacks, isDeclared } = await presentOf(ports, file);
  const planned: Planned[] = [];
  for (const step of planSteps(file, wishedStacks(file), stacks, isDeclared)) {
    planned.push(await explainedStep(ports, step, stacks, file));
  }
  return planned;
}

async function explainedStep(
  ports: Ports,
  step: StackStep,
  stacks: readonly StackFacts[],
  { cluster }: ClusterFile,
): Promise<Planned> {
  const plain = (changes: boolean, isGrave: boolean, ...lines: string[]): Planned => ({
    step,
    lines,
    changes,
    isGrave,
  });
  switch (step.do) {
    case 'create': {
      const clears = step.clears === undefined ? [] : [`  first the ${step.clears.status} of it is cleared`];
      return plain(true, false, `+ ${step.wish.name}: make ${step.wish.what}`, ...clears);
    }
    case 'declare':
      return plain(true, false, `+ ${cluster}: declare it, so that its first manager may found the swarm`);
    case 'remove':
      return plain(
        true,
        true,
        `- ${step.stack.name}: end all nodes of the group ${step.group}, drained first, and delete it`,
      );
    case 'wait':
      return plain(true, false, `~ ${step.stack.name}: wait, it is ${step.stack.status}`);
    case 'stuck':
      return plain(true, false, `! ${step.stack.name}: is ${step.stack.status}. ${step.advice}`);
    case 'compare':
      return compared(ports, step, stacks);
  }
}

async function compared(
  ports: Ports,
  step: Extract<StackStep, { do: 'compare' }>,
  stacks: readonly StackFacts[],
): Promise<Planned> {
  const { wish, stack } = step;
  const change = await changeOf(ports, wish, stacks);
  const { correction, surplus } = await lookAtSizes(ports, wish, stack);
  if (change !== undefined) {
    await dropChangeSet(ports.stacks, change);
  } else if (correction === undefined) {
    return { step, changes: false, isGrave: false, lines: [`= ${wish.name}: nothing to do`] };
  }
  const { changes = [] } = change ?? {};
  return {
    step,
    changes: true,
    isGrave: surplus > 0 || changes.some(({ action, replacement }) => action === 'Remove' || replacement === 'True'),
    lines: [
      `~ ${wish.name}: change ${wish.what}`,
      ...(change === undefined ? [`    ${correction ?? ''}`] : changeLines(stack, wish, stacks, change)),
      ...(surplus === 0 ? [] : [`    END ${surplus} node(s), drained first`]),
    ],
  };
}

function changeLines(
  stack: StackFacts,
  wish: StackWish,
  stacks: readonly StackFacts[],
  { changes }: ChangeSet,
): string[] {
  const read = parametersOf(wish, stacks);
  const parameters = 'values' in read ? parameterWords(stack.parameters, read.values) : [];
  return [...parameters, ...changes.map(changeWords), ...notesOn(changes)].map((line) => `    ${line}`);
}

/** @returns undefined where nothing would change */
async function changeOf(
  ports: Ports,
  wish: StackWish,
  stacks: readonly StackFacts[],
  isNew = false,
): Promise<ChangeSet | undefined> {
  const read = parametersOf(wish, stacks);
  if ('waitsFor' in read) {
    throw new Failed(`${wish.name} needs what ${read.waitsFor} tells, which is not there: run \`skep cluster up\``);
  }
  const name = `skep-${ports.now().getTime()}`;
  try {
    return await makeChangeSet(
      ports.stacks,
      { stack: wish.name, name, isNew, template: templateText(wish.template), parameters: read.values },
      ports.pause,
    );
  } catch (error) {
    throw error instanceof ChangeRefused ? new Failed(error.message) : error;
  }
}

/** Each step looks anew at what there is, so that it may be ended and begun again at any time. */
export async function carryOutPlan(ports: Ports, file: ClusterFile, planned: readonly Planned[]): Promise<void> {
  for (const { step, changes } of planned) {
    if (changes) {
      await carryOutStep(ports, file, step);
    }
  }
}

async function carryOutStep(ports: Ports, file: ClusterFile, step: StackStep): Promise<void> {
  switch (step.do) {
    case 'declare':
      return declare(ports, file);
    case 'create':
      if (step.clears !== undefined) {
        await remove(ports, step.clears.name);
      }
      return change(ports, file, step.wish, true);
    case 'compare':
      return change(ports, file, step.wish, false);
    case 'wait':
      ports.say(`${step.stack.name}: waiting, it is ${step.stack.status}`);
      return change(ports, file, step.wish, (await stackAfterUpdate(ports, step.stack.name)) === undefined);
    case 'remove':
      await emptyGroup(ports, step.stack);
      return remove(ports, step.stack.name);
    case 'stuck':
      throw new Failed(`${step.stack.name} is ${step.stack.status}\n${step.advice}`);
  }
}

/** @returns undefined where it was being deleted */
async function stackAfterUpdate(ports: Ports, name: string): Promise<StackFacts | undefined> {
  return follow(ports, name, await lastEvent(ports.stacks, name));
}

async function change(ports: Ports, file: ClusterFile, wish: StackWish, isNew: boolean): Promise<void> {
  const stacks = await stacksOf(ports, file);
  const found = await changeOf(ports, wish, stacks, isNew);
  if (found === undefined) {
    await correctSizes(
      ports,
      wish,
      stacks.find(({ name }) => name === wish.name),
    );
    return;
  }
  ports.say(`${wish.name}: ${isNew ? 'making' : 'changing'} ${wish.what}`);
  const last = await lastEvent(ports.stacks, wish.name);
  await carryOut(ports.stacks, found);
  await follow(ports, wish.name, last, wish.group === undefined ? undefined : silentWatch(ports, file.cluster));
}

export async function remove(ports: Ports, stack: string): Promise<void> {
  ports.say(`${stack}: deleting it`);
  const last = await lastEvent(ports.stacks, stack);
  await deleteStack(ports.stacks, stack);
  await follow(ports, stack, last);
}

async function declare({ declarations, say }: Ports, file: ClusterFile): Promise<void> {
  const { cluster, network, swarm } = file;
  const taken = (network.new === undefined ? (network.given?.cidrs ?? []) : [network.new.cidr]).flatMap(
    (text) => parseNetwork(text) ?? [],
  );
  const pool = swarm.addressPool ?? poolBeside(taken);
  await declarations.declare(cluster, {
    addressPool: pool,
    subnetSize: swarm.subnetSize,
    dataPathPort: swarm.dataPathPort,
  });
  say(`${cluster}: declared, with the address pool ${pool}`);
}

function poolBeside(taken: Parameters<typeof choosePool>[0]): string {
  const pool = choosePool(taken);
  if (pool === undefined) {
    throw new Failed('no usual address pool is free beside the VPC: name one, swarm.addressPool');
  }
  return networkText(pool);
}

/** Until every group has as many instances in service as it wants: an instance is that when its node is Ready. */
export async function followGroups(ports: Ports, file: ClusterFile): Promise<void> {
  const until = ports.now().getTime() + 3_600_000;
  // Nobody changes a stack while its groups are waited for.
  const stacks = await stacksOf(ports, file);
  const tellOfSilent = silentWatch(ports, file.cluster);
  let told = '';
  for (;;) {
    const groups = await groupsOf(ports, stacks);
    const open = groups.flatMap(({ name, desired, instances }) => {
      const inService = instances.filter(({ lifecycle }) => lifecycle === 'InService').length;
      return inService >= desired ? [] : [`${name} ${inService} of ${desired}`];
    });
    if (open.length === 0) {
      return;
    }
    if (ports.now().getTime() > until) {
      throw new Failed(`after an hour not all nodes are in service: ${open.join(', ')}\nskep status says why`);
    }
    const line = `waiting for nodes: ${open.join(', ')}`;
    if (line !== told) {
      ports.say(line);
      told = line;
    }
    await tellOfSilent();
    await ports.pause();
  }
}
