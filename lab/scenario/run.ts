// Runs a scenario: opens a lab, declares the cluster, makes the groups, takes the steps, holds the expectations against the end.
import { Declarations } from '../../src/store/declarations.ts';
import { Table } from '../../src/store/table.ts';
import { Verdicts } from '../../src/store/verdicts.ts';
import { DEFAULT_CONFIG } from '../../src/core/steps/verbs.ts';
import type { Exchange } from '../aws/endpoint.ts';
import { VIRTUAL_LATENCIES, WALL_LATENCIES } from '../aws/latencies.ts';
import { DEPLOYED, deployPartOf } from '../deployment.ts';
import { Lab } from '../lab.ts';
import type { LabOptions } from '../options.ts';
import { Invariants } from '../invariants/invariants.ts';
import { Kept } from '../invariants/kept.ts';
import type { DockerMachines } from '../nodes/docker/docker-machines.ts';
import { SimulatedMachines } from '../nodes/simulated/simulated-machines.ts';
import type { SwarmView } from '../nodes/machines.ts';
import type { Stack } from '../aws/stack/stack.ts';
import { swarmByHand } from './by-hand.ts';
import { agentLoads, boundsOf, lastOf } from './bounds.ts';
import { killWhereAsked } from './kill-at.ts';
import type { KillAt } from './kill-at.ts';
import type { ResolvedName } from './name-facts.ts';
import { check } from './expect.ts';
import type { Before } from './expect.ts';
import { ManagerWatch } from './manager-watch.ts';
import { managersOf, seeManagers, watchesManagers } from './managers.ts';
import type { ManagersSeen } from './managers.ts';
import { releaseOf, stackOf, tableClient } from './parts.ts';
import type { Progress } from './progress.ts';
import { watch } from './progress.ts';
import { withNames } from './named.ts';
import { Requests } from './requests.ts';
import { denialsOf, executionsOf, groupsOf, nodesOf, sum } from './result.ts';
import type { ExpectationResult, ScenarioResult } from './result.ts';
import { clustersOf } from './schema.ts';
import type { Expectation, GroupSpec, Scenario } from './schema.ts';
import { interrupted } from './interrupted.ts';
import { makeGroup } from './make-group.ts';
import { noticesOf, rangIn, seeAsPeople } from './seen-by-people.ts';

export interface RunOptions {
  readonly nodes: 'simulated' | 'docker';
  /** Of docker nodes: `own`, or the path of amazon-ssm-agent. The agent then runs on the nodes; else the lab plays it. */
  readonly agent?: string | undefined;
  readonly seed?: number;
  readonly port?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Called for every call of AWS. */
  readonly onExchange?: (exchange: Exchange) => void;
  /** Called for each statement of a policy without which a call would not have been allowed. */
  readonly onNeeded?: (statement: string) => void;
  /** What is deployed in place of the packaged stack. */
  readonly changed?: (stack: Stack) => Stack;
  /**
   * Makes the groups of the scenario and declares its cluster, in another way than the lab's own.
   *
   * @returns what each group is called, by the name that the scenario has for it
   */
  readonly makes?: (run: ScenarioRun) => Promise<ReadonlyMap<string, string>>;
  /** Ends the run early: Ctrl-C. What the lab has started is ended all the same. */
  readonly signal?: AbortSignal;
}

/** @throws {Interrupted} packaging takes seconds, in which a person may think better of it */
async function stacksOf(scenario: Scenario, signal: AbortSignal | undefined): Promise<[stack: Stack, beside: Stack[]]> {
  const ending = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(interrupted());
    });
  });
  ending.catch(() => undefined);
  const stack = await Promise.race([stackOf(scenario.stage), ending]);
  const beside: Stack[] = [];
  for (const stage of scenario.beside) {
    beside.push(await Promise.race([stackOf(stage), ending]));
  }
  if (signal?.aborted === true) {
    throw interrupted();
  }
  return [stack, beside];
}

interface RunParts {
  readonly killAt: KillAt[];
  readonly invariants: Invariants | undefined;
}

function invariantsOf({ invariants, cluster }: Scenario, lab: Lab): Invariants | undefined {
  const kept = new Kept(tableClient(lab), lab.stack.table.name, cluster);
  return invariants === 'none' ? undefined : new Invariants(lab, cluster, kept);
}

/** A lab with the cluster and the groups of a scenario, and what has been seen of it so far. */
export class ScenarioRun {
  readonly lab: Lab;
  readonly table: Table;
  readonly verdicts: Verdicts;
  readonly expectations: ExpectationResult[] = [];
  readonly #started = Date.now();
  #scenario: Scenario;
  readonly #options: RunOptions;
  /** Whose dockerd was killed, whose cable was pulled. */
  readonly enginesDown = new Set<string>();
  /** Instances that belong to no group any more, and from which group they came. */
  readonly detached = new Map<string, string>();
  readonly cablesOut = new Set<string>();
  /** Instances that are to die when an execution about them enters a state: one each. */
  readonly killAt: KillAt[];
  readonly requests: Requests;
  /** The rules that the run is held against, where the scenario asks for it. */
  readonly invariants: Invariants | undefined;
  readonly resolved = new Map<string, ResolvedName>();
  readonly #watch: ManagerWatch | undefined;
  #measured = { transitions: 0, calls: 0 };
  #before: Before = { at: 0, instances: new Set(), containers: new Set() };
  #measuredFrom = 0;
  #armed: { readonly happened: () => boolean; readonly disarm: () => void }[] = [];
  /** Which turn of a loop it is, for the result. */
  #turn = '';

  private constructor(scenario: Scenario, lab: Lab, options: RunOptions, parts: RunParts) {
    this.killAt = parts.killAt;
    this.invariants = parts.invariants;
    this.#scenario = scenario;
    this.lab = lab;
    this.requests = new Requests(() => lab.clock.now());
    this.#options = options;
    this.table = new Table(tableClient(lab), lab.stack.table.name);
    this.verdicts = new Verdicts(tableClient(lab), lab.stack.table.name);
    this.#watch = watchesManagers(scenario) ? watchManagers(lab, scenario.cluster) : undefined;
    const interrupt = (): void => {
      lab.clock.interrupt(interrupted());
    };
    options.signal?.addEventListener('abort', interrupt);
    // Of what came while the lab was made ready nothing is heard any more.
    if (options.signal?.aborted === true) interrupt();
  }

  static async open(scenario: Scenario, options: RunOptions): Promise<ScenarioRun> {
    const virtual = options.nodes === 'simulated';
    // What this host cannot run is said before anything is packaged.
    const machines: LabOptions['machines'] = virtual
      ? ({ clock, random, surroundings }) => new SimulatedMachines(clock, random, surroundings)
      : await dockerMachines(options.agent);
    options.onProgress?.({ kind: 'step', at: 0, text: `packaging stage ${scenario.stage}, as for a deployment` });
    const { changed = (stack: Stack) => stack, onNeeded } = options;
    const [stack, beside] = await stacksOf(scenario, options.signal);
    const killAt: KillAt[] = [];
    const watchers = watch(() => lab, options.onProgress);
    const lab = await Lab.open({
      stack: changed(stack),
      beside,
      seed: options.seed ?? scenario.seed,
      virtual,
      latencies: virtual ? VIRTUAL_LATENCIES : WALL_LATENCIES,
      limits: scenario.limits,
      onNeeded,
      machines,
      ...(options.port === undefined ? {} : { port: options.port }),
      onMember: (group, member) => {
        invariants?.onMember(group, member);
        watchers.onMember?.(group, member);
      },
      onExecution: (execution, event) => {
        killWhereAsked(lab, killAt, execution, event);
        invariants?.onExecution(execution, event);
        watchers.onExecution?.(execution, event);
      },
    });
    const invariants = invariantsOf(scenario, lab);
    const run = new ScenarioRun(scenario, lab, options, { killAt, invariants });
    lab.endpoint.observers.push(...(options.onExchange === undefined ? [] : [options.onExchange]));
    lab.endpoint.observers.push((exchange) => invariants?.onExchange(exchange));
    try {
      await run.#prepare();
    } catch (error) {
      await lab.close();
      throw error;
    }
    return run;
  }

  get scenario(): Scenario {
    return this.#scenario;
  }

  /** Sets a fault, until it is used up, or until the turn of the loop ends that set it. */
  arm<Fault>(list: Fault[], fault: Fault, happened: () => boolean): void {
    list.push(fault);
    const disarm = (): void => {
      const index = list.indexOf(fault);
      if (index !== -1) {
        list.splice(index, 1);
      }
    };
    this.#armed.push({ happened, disarm });
  }

  /** No fault that was set comes about any more. */
  disarm(): void {
    for (const { disarm } of this.#armed.splice(0)) {
      disarm();
    }
  }

  /** One turn of a loop: its faults end with it. If nothing came of any of them, it has shown nothing, and that is a failure. */
  async turn(name: string, take: () => Promise<void>): Promise<void> {
    const before = this.#armed;
    this.#armed = [];
    this.#turn = `${name}: `;
    try {
      await take();
    } finally {
      const armed = this.#armed;
      this.#armed = before;
      // Before they end: a stop that was taken away looks like one that was used.
      const happened = armed.filter((one) => one.happened()).length;
      for (const { disarm } of armed) {
        disarm();
      }
      if (armed.length > 0) {
        this.record({ what: 'it came about', ok: happened > 0, seen: { of: armed.length, happened } });
      }
      this.#turn = '';
    }
  }

  /** Adds the result of one expectation: what was expected, and what was seen instead. */
  record(one: ExpectationResult): void {
    const result = { ...one, what: `${this.#turn}${one.what}` };
    this.expectations.push(result);
    this.#options.onProgress?.({ kind: 'expectation', at: this.#elapsed(), ...result });
  }

  async expect(expectations: readonly Expectation[]): Promise<void> {
    for (const result of await this.checkAll(expectations)) {
      this.record(result);
    }
  }

  async checkAll(expectations: readonly Expectation[]): Promise<ExpectationResult[]> {
    const views = new Map<string, SwarmView | undefined>();
    for (const stage of [this.scenario.stage, ...this.scenario.beside]) {
      views.set(stage, await this.view(stage));
    }
    for (const cluster of clustersOf(this.scenario)) {
      views.set(`cluster ${cluster}`, await this.lab.view(cluster));
    }
    const view = views.get(this.scenario.stage);
    const state = await this.table.readState(this.scenario.cluster);
    const { transitions, calls } = this.#counts();
    const measured = { transitions: transitions - this.#measured.transitions, calls: calls - this.#measured.calls };
    const managers = expectations.some((one) => 'managers' in one) ? await this.#managers() : undefined;
    const people = await seeAsPeople(this.lab, this.verdicts, this.scenario.cluster);
    const about = { view, views, clusterStatus: state?.status, managers, people, resolved: this.resolved };
    const now = { lab: this.lab, measured, before: this.#before, requests: this.requests, ...about };
    return expectations.map((one) => check(one, now));
  }

  async view(stage: string): Promise<SwarmView | undefined> {
    const own = Object.entries(this.scenario.groups).filter(
      ([, group]) => (group.stage ?? this.scenario.stage) === stage,
    );
    const view = await this.lab.view(this.scenario.cluster, new Set(own.map(([name]) => name)));
    // Not those that the scenario tags wrongly: their swarm is somebody else's.
    const isUntagged = ([name, { tags }]: [string, GroupSpec]): boolean =>
      tags === undefined && this.lab.autoScaling.group(name).tags['skep:cluster'] === undefined;
    const untagged = own.filter(isUntagged).map(([name]) => name);
    return view ?? (await swarmByHand(this.lab, untagged))?.view;
  }

  async #managers(): Promise<ManagersSeen | undefined> {
    const { lab, scenario, table } = this;
    return this.#watch && seeManagers(lab, scenario.cluster, table, this.#watch);
  }

  /** From here on transitions and calls count for `measured`, and what there is counts as kept. */
  async measure(as = ''): Promise<void> {
    this.requests.measure(as);
    this.#measured = this.#counts();
    this.#measuredFrom = this.lab.clock.now();
    this.#watch?.measure();
    const { tasks = [] } = (await this.view(this.scenario.stage)) ?? {};
    const running = tasks.filter(({ state, container }) => state === 'running' && container !== '');
    const groups = [...this.lab.autoScaling.groups.values()];
    this.#before = {
      at: this.lab.clock.now(),
      instances: new Set(groups.flatMap(({ members }) => [...members.keys()])),
      containers: new Set(running.map(({ container }) => container)),
    };
  }

  readonly say = (text: string): void => {
    this.#options.onProgress?.({ kind: 'step', at: this.#elapsed(), text });
  };

  #counts(): { transitions: number; calls: number } {
    return {
      transitions: sum(this.lab.executions.map((execution) => execution.transitions)),
      calls: sum(this.lab.endpoint.calls.values()),
    };
  }

  #elapsed(): number {
    return this.lab.clock.now() - this.lab.clock.start;
  }

  async #prepare(): Promise<void> {
    this.#beginWithRelease();
    const { makes } = this.#options;
    if (makes !== undefined) {
      this.#scenario = withNames(this.scenario, await makes(this));
      return;
    }
    if (this.scenario.declared) {
      for (const stage of [this.scenario.stage, ...this.scenario.beside]) {
        const declarations = new Declarations(tableClient(this.lab), `skep-${stage}`);
        await Promise.all(clustersOf(this.scenario).map((one) => declarations.declare(one, DEFAULT_CONFIG)));
      }
    }
    for (const [name, spec] of Object.entries(this.scenario.groups)) {
      makeGroup(this.lab, name, spec, spec.cluster ?? this.scenario.cluster);
    }
  }

  #beginWithRelease(): void {
    const { release, stage } = this.scenario;
    if (release !== undefined) {
      this.lab.release = releaseOf(release, stage);
      for (const part of DEPLOYED) deployPartOf(this.lab, this.lab.release, part);
    }
  }

  async result(): Promise<ScenarioResult> {
    const { lab, scenario, expectations } = this;
    const { continued, abandoned, timedOut } = lab.autoScaling.hooks;
    const move = lab.instanceTimes.last(this.#measuredFrom);
    const denied = denialsOf(lab);
    // A denial that nobody expects is a permission that is missing, however well skep got around it.
    const expected = this.scenario.expect.some((one) => 'denied' in one);
    const unexpected = expected ? [] : denied;
    const defects = [...lab.defects, ...lab.executions.flatMap((execution) => execution.defects.map(String))];
    return {
      scenario: scenario.name,
      ok: expectations.every(({ ok }) => ok) && defects.length + unexpected.length === 0,
      expectations: [
        ...expectations,
        ...defects.map((seen) => ({ what: 'no defect of the lab', ok: false, seen })),
        ...unexpected.map((seen) => ({ what: 'nothing was denied', ok: false, seen })),
      ],
      groups: groupsOf(lab),
      nodes: nodesOf(await lab.view(scenario.cluster)),
      executions: executionsOf(lab),
      calls: Object.fromEntries([...lab.endpoint.calls].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      hooks: { continued, abandoned, timedOut, open: lab.autoScaling.actions.size },
      alarms: [...lab.console.alarms.raised].toSorted(),
      rang: rangIn(lab),
      verdict: (await this.verdicts.read(scenario.cluster)).verdict ?? null,
      notices: noticesOf(lab),
      webhook: { taken: lab.console.webhook.messages.length, refused: lab.console.webhook.refused },
      deadLetters: lab.bus.deadLetters.length,
      denied,
      slowest: {
        launch: lastOf(lab.instanceTimes.slowest('launch')),
        termination: lastOf(lab.instanceTimes.slowest('termination')),
      },
      managers: this.#watch?.result ?? null,
      requests: this.requests.rows,
      last: lastOf(move),
      bounds: boundsOf(lab, move),
      agents: agentLoads(lab),
      throttled: lab.throttles.refused,
      seed: this.#options.seed ?? scenario.seed,
      seconds: (Date.now() - this.#started) / 1000,
      virtualSeconds: this.#elapsed() / 1000,
    };
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}

function watchManagers(lab: Lab, cluster: string): ManagerWatch {
  const watch = new ManagerWatch({
    clock: lab.clock,
    managers: () => managersOf(lab, cluster).map(({ instanceId }) => instanceId),
    nodes: (instanceId, seconds) => lab.machines.nodes(instanceId, seconds),
  });
  watch.start();
  return watch;
}

/** Loaded only where it is asked for: it needs Linux and root, and nothing else of the lab does. */
async function dockerMachines(agent: string | undefined): Promise<LabOptions['machines']> {
  await (await import('../nodes/docker/host.ts')).checkHost();
  const module: { DockerMachines: typeof DockerMachines } = await import('../nodes/docker/docker-machines.ts');
  return ({ surroundings }) => new module.DockerMachines(surroundings, { agent });
}
