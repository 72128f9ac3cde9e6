// Holds what a scenario expects against what is.
import { z } from 'zod';

import type { Lab } from '../lab.ts';
import type { SwarmView } from '../nodes/machines.ts';
import { nameFacts } from './name-facts.ts';
import type { ResolvedName } from './name-facts.ts';
import type { ManagersSeen } from './managers.ts';
import type { Requests } from './requests.ts';
import { deniedOf, executionsOf, stateOf } from './result.ts';
import type { ExpectationResult } from './result.ts';
import { SELECTORS } from './schema.ts';
import type { Bounds } from './quantities.ts';
import type { Expectation } from './schema.ts';
import { rangIn } from './seen-by-people.ts';
import type { SeenByPeople } from './seen-by-people.ts';
import { INSTANCE_LABEL } from '../../src/core/labels.ts';

export interface Seen {
  readonly lab: Lab;
  readonly view: SwarmView | undefined;
  /** By stage, and by cluster, where there are several. */
  readonly views: ReadonlyMap<string, SwarmView | undefined>;
  readonly clusterStatus: string | undefined;
  /** Since the last `measure`. */
  readonly measured: { readonly transitions: number; readonly calls: number };
  /** What there was at the last `measure`. */
  readonly before: Before;
  readonly managers: ManagersSeen | undefined;
  readonly requests: Requests;
  readonly people: SeenByPeople;
  readonly resolved: ReadonlyMap<string, ResolvedName>;
}

export interface Before {
  /** Milliseconds on the lab's clock. */
  readonly at: number;
  readonly instances: ReadonlySet<string>;
  /** Of tasks that ran. */
  readonly containers: ReadonlySet<string>;
}

export function check(expectation: Expectation, seen: Seen): ExpectationResult {
  const facts = factsFor(expectation, seen);
  const [kind, wanted] = Object.entries(expectation)[0] as [string, unknown];
  const pairs = wantedPairs(kind, wanted);
  const missed = pairs.filter(([name, value]) => !holds(value, facts[name]));
  return {
    what: `${kind} ${JSON.stringify(wanted)}`,
    ok: missed.length === 0,
    seen: Object.fromEntries(pairs.map(([name]) => [name, facts[name] ?? null])),
  };
}

function wantedPairs(kind: string, wanted: unknown): [string, unknown][] {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    return [[kind, wanted]];
  }
  return Object.entries(wanted).filter(([name]) => !SELECTORS.has(name));
}

function holds(wanted: unknown, seen: unknown): boolean {
  if (Array.isArray(wanted)) {
    return JSON.stringify(wanted.map(String).toSorted()) === JSON.stringify(seen);
  }
  if (typeof wanted === 'object' && wanted !== null) {
    const { min = 0, max = Infinity } = wanted as Exclude<Bounds, number>;
    return typeof seen === 'number' && seen >= min && seen <= max;
  }
  return wanted === seen;
}

function factsFor(expectation: Expectation, seen: Seen): Record<string, unknown> {
  const { lab } = seen;
  if ('nodes' in expectation) {
    const { labels = {}, stage, cluster } = expectation.nodes;
    const selected = cluster === undefined ? stage : `cluster ${cluster}`;
    return nodeFacts(labels, selected === undefined ? seen.view : seen.views.get(selected));
  }
  if ('tasks' in expectation) {
    return taskFacts(expectation.tasks.service, seen);
  }
  if ('hooks' in expectation) {
    return { ...lab.autoScaling.hooks, open: lab.autoScaling.actions.size };
  }
  if ('group' in expectation) {
    return groupFacts(expectation.group.name, seen);
  }
  if ('managers' in expectation) {
    return { ...seen.managers };
  }
  if ('executions' in expectation) {
    return executionFacts(expectation.executions, lab);
  }
  return {
    ...upgradeFacts(expectation, seen),
    ...peopleFacts(expectation, seen),
    ...requestFacts(expectation, seen),
    ...commandFacts(expectation, seen),
    ...simpleFacts(seen),
  };
}

function upgradeFacts(expectation: Expectation, { lab, resolved }: Seen): Readonly<Record<string, unknown>> {
  if ('dns' in expectation) {
    const { name } = expectation.dns;
    return nameFacts(lab, name, resolved.get(name));
  }
  if (!('refreshed' in expectation)) {
    return {};
  }
  const { status, reason: because } = lab.autoScaling.groups.get(expectation.refreshed.group)?.refresh ?? {};
  return { status, because };
}

function commandFacts(expectation: Expectation, { lab, before }: Seen): Readonly<Record<string, unknown>> {
  if (!('commands' in expectation)) {
    return {};
  }
  const { document, group } = expectation.commands;
  const sent = [...lab.runCommand.commands].filter(
    ({ verb, instanceId, requestedAt }) =>
      requestedAt >= before.at &&
      (document === undefined || verb === document) &&
      (group === undefined || lab.ec2.instances.get(instanceId)?.tags['aws:autoscaling:groupName'] === group),
  );
  return { count: sent.length };
}

const requestFacts = (expectation: Expectation, { requests }: Seen): Readonly<Record<string, unknown>> =>
  'requests' in expectation ? { ...requests.counts(expectation.requests.service) } : {};

/** What people are told, or have asked for. */
function peopleFacts(expectation: Expectation, { lab, people }: Seen): Readonly<Record<string, unknown>> {
  if ('rebalanced' in expectation) {
    return rebalanceFacts(lab);
  }
  if ('tidied' in expectation) {
    return tidyFacts(lab);
  }
  if ('verdict' in expectation) {
    return people.verdict;
  }
  return 'notified' in expectation ? people.notified(expectation.notified.to) : {};
}

function simpleFacts({ lab, measured, clusterStatus }: Seen): Record<string, unknown> {
  return {
    ...measured,
    alarms: [...lab.console.alarms.raised].toSorted(),
    rang: rangIn(lab).toSorted(),
    deadLetters: lab.bus.deadLetters.length,
    denied: deniedOf(lab),
    cluster: clusterStatus,
  };
}

function nodeFacts(labels: Readonly<Record<string, string>>, view: SwarmView | undefined): Record<string, number> {
  const nodes = (view?.nodes ?? []).filter((node) =>
    Object.entries(labels).every(([key, value]) => node.labels[key] === value),
  );
  return {
    count: nodes.length,
    ready: nodes.filter(({ status }) => status === 'ready').length,
    down: nodes.filter(({ status }) => status === 'down').length,
    active: nodes.filter(({ availability }) => availability === 'active').length,
    labelled: nodes.filter((node) => node.labels[INSTANCE_LABEL] !== undefined).length,
  };
}

/** What the last rebalance told that went through, each service by its name. */
function rebalanceFacts(lab: Lab): Record<string, unknown> {
  const last = lab.executions
    .filter(({ stateMachine, status }) => stateMachine.name.endsWith('-rebalance') && status === 'SUCCEEDED')
    .flatMap(({ output }) => rebalanceOutput.safeParse(output).data ?? [])
    .at(-1);
  const { planned, made, remaining, services = [], leftOut = [] } = last ?? {};
  return {
    ...{ planned, made, remaining },
    outcomes: services.map(({ name, outcome = 'planned' }) => `${name} ${outcome}`).toSorted(),
    leftOut: leftOut.map(({ name, reason }) => `${name} ${reason}`).toSorted(),
  };
}

const rebalanceOutput = z.object({
  planned: z.number(),
  made: z.number(),
  remaining: z.number(),
  services: z.array(z.object({ name: z.string(), outcome: z.string().optional() })),
  leftOut: z.array(z.object({ name: z.string(), reason: z.string() })),
});

/** Of the last tidy of a cluster that has ended. */
function tidyFacts(lab: Lab): Record<string, unknown> {
  const outputs = lab.executions
    .filter(({ stateMachine, status }) => stateMachine.name.endsWith('-tidy') && status === 'SUCCEEDED')
    .flatMap(({ output }) => tidyOutput.safeParse(output).data ?? []);
  const last = outputs.at(-1);
  if (last === undefined) {
    return {};
  }
  const { plan, done } = last;
  return {
    repairs: plan.repairs.length,
    reports: plan.reports.length,
    failed: done.filter(({ failed }) => failed !== undefined).length,
    kinds: plan.repairs.map(({ kind }) => kind).toSorted(),
  };
}

const tidyOutput = z.object({
  plan: z.object({ repairs: z.array(z.object({ kind: z.string() })), reports: z.array(z.unknown()) }),
  done: z.array(z.object({ failed: z.unknown().optional() })),
});

function taskFacts(service: string, { view, before, lab }: Seen): Record<string, number> {
  const tasks = (view?.tasks ?? []).filter((task) => task.service === service);
  const running = tasks.filter(({ state, desiredState }) => state === 'running' && desiredState === 'running');
  const warned = new Set(
    (view?.nodes ?? [])
      .filter(({ labels }) => lab.ec2.warned.has(labels[INSTANCE_LABEL] ?? ''))
      .map(({ nodeId }) => nodeId),
  );
  const onEach = new Map<string, number>();
  for (const { nodeId } of running) {
    onEach.set(nodeId, (onEach.get(nodeId) ?? 0) + 1);
  }
  return {
    ever: tasks.length,
    running: running.length,
    onNodes: onEach.size,
    most: Math.max(0, ...onEach.values()),
    orphaned: tasks.filter(({ state }) => state === 'orphaned').length,
    rejected: tasks.filter(({ state }) => state === 'rejected').length,
    kept: running.filter(({ container }) => before.containers.has(container)).length,
    onWarned: tasks.filter(
      ({ state, desiredState, nodeId }) => desiredState === 'running' && !OVER.includes(state) && warned.has(nodeId),
    ).length,
  };
}

/** States in which a task ends. */
const OVER: readonly string[] = ['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned'];

function groupFacts(name: string, { lab, before }: Seen): Record<string, number> {
  const group = lab.autoScaling.groups.get(name);
  const members = [...(group?.members.values() ?? [])];
  return {
    instances: members.length,
    inService: members.filter(({ lifecycle }) => lifecycle === 'InService').length,
    waiting: members.filter(({ lifecycle }) => lifecycle.endsWith(':Wait')).length,
    retained: members.filter(({ lifecycle }) => lifecycle === 'Terminating:Retained').length,
    kept: members.filter(({ instanceId }) => before.instances.has(instanceId)).length,
    warm: group?.warmPool?.members.size ?? 0,
  };
}

type Selected = Extract<Expectation, { executions: unknown }>['executions'];

function executionFacts({ at, stage, machine, error }: Selected, lab: Lab): Record<string, number> {
  const executions = executionsOf(lab, (one) => at === undefined || stateOf(one) === at)
    .filter((one) => stage === undefined || one.stage === stage)
    .filter((one) => machine === undefined || one.machine === machine)
    .filter((one) => error === undefined || one.error === error);
  const byStatus = (...wanted: string[]): number => executions.filter(({ status }) => wanted.includes(status)).length;
  return {
    count: executions.length,
    running: byStatus('RUNNING'),
    succeeded: byStatus('SUCCEEDED'),
    failed: byStatus('FAILED', 'TIMED_OUT', 'ABORTED'),
    transitions: Math.max(0, ...executions.map(({ transitions }) => transitions)),
  };
}
