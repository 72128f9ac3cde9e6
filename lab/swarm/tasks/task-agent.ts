// The agents of the nodes: they start, watch and stop the containers of tasks, and report what became of them.
import type { Clock } from '../../time/clock.ts';
import { readProgram } from '../engine/container-program.ts';
import type { Program } from '../engine/container-program.ts';
import type { Container } from '../services/requests.ts';
import type { Service } from '../services/service.ts';
import { isOver, isWanted } from './task.ts';
import type { Task, TaskState } from './task.ts';
import type { TaskNode } from './task-node.ts';
import type { TaskStore } from './task-store.ts';

/** On real engines half a second goes by between a task's assignment and its container's start, with the image there. */
const PREPARE_TIME = 150;
const START_TIME = 350;
/** Until a container that ends at once has ended, as the managers see it. */
const STOP_TIME = 400;
/** Of a container on an overlay network the engine first takes the name away, and gives the others that time to hear of it. */
const UNNAMED_FOR = 2000;
/** What an engine gives containers to stop that ran on while it was dead, ms. */
const RESTART_PATIENCE = 10_000;
const IMAGE = 'skep/idle:1';
/** The exit code of what SIGKILL ended. */
const KILLED = 137;

/** How long Docker's DNS still names a container whose machine has died: its engines gossip, and give a silent one that time. */
const NAMED_FOR = 6000;

/** A task on its node, whatever the managers know of it. */
interface Run {
  phase: 'preparing' | 'ready' | 'starting' | 'running' | 'stopping' | 'over';
  hasContainer: boolean;
  startedAt: number;
  /** When it was told to stop. */
  stopAt: number | undefined;
  /** When its machine died under it. */
  lostAt: number | undefined;
  /** What is to be reported as soon as the managers can be reached. */
  report: readonly [TaskState, string] | undefined;
  cancels: (() => void)[];
}

export class TaskAgents {
  readonly #clock: Clock;
  readonly #store: TaskStore;
  readonly #nodes: ReadonlyMap<string, TaskNode>;
  readonly #runs = new Map<string, Map<Task, Run>>();
  /** By node. */
  readonly #volumes = new Map<string, ReadonlySet<string>>();
  #lost: (readonly [Task, Run])[] = [];

  constructor(clock: Clock, store: TaskStore, nodes: ReadonlyMap<string, TaskNode>) {
    this.#clock = clock;
    this.#store = store;
    this.#nodes = nodes;
    store.onChange((task) => {
      this.#look(task);
    });
    store.onDelete((task) => {
      this.#look(task);
    });
  }

  /** Local volumes that tasks have had there: they outlive these. */
  volumesOn(nodeId: string): readonly string[] {
    return [...(this.#volumes.get(nodeId) ?? [])];
  }

  containersOn(nodeId: string): number {
    return [...(this.#runs.get(nodeId)?.values() ?? [])].filter(({ hasContainer }) => hasContainer).length;
  }

  /** The containers that Docker's DNS gives for the name of the service. */
  named(service: Service): Container[] {
    this.#lost = this.#lost.filter(([, { lostAt = 0 }]) => this.#clock.now() < lostAt + NAMED_FOR);
    return [...[...this.#runs.values()].flatMap((runs) => [...runs]), ...this.#lost]
      .filter(([task, { phase }]) => task.service === service && phase === 'running')
      .map(([task, run]) => this.#seen(task, run));
  }

  #seen(task: Task, run: Run): Container {
    const isSilent = (): boolean => run.lostAt !== undefined || this.#nodes.get(task.nodeId)?.silent === true;
    return {
      task,
      get startedAt() {
        return run.startedAt;
      },
      get stopAt() {
        return run.stopAt;
      },
      get isOver() {
        return run.phase === 'over';
      },
      get isSilent() {
        return isSilent();
      },
    };
  }

  /** In touch again, perhaps: tells what happened meanwhile, and hears of it. */
  nodeUpdated(node: TaskNode): void {
    if (!node.present) {
      return;
    }
    for (const [task, run] of this.#runs.get(node.nodeId) ?? []) {
      this.#deliver(task, run);
    }
    for (const task of this.#store.on(node.nodeId)) {
      this.#look(task);
    }
  }

  /** How long dockerd stops the containers that it finds before it answers, ms: by its own patience, it knows of no service. */
  restartTime(nodeId: string): number {
    const running = [...(this.#runs.get(nodeId) ?? [])].filter(([, { hasContainer }]) => hasContainer);
    return Math.max(0, ...running.map(([{ spec }]) => Math.min(readProgram(spec.args).stop, RESTART_PATIENCE)));
  }

  /** dockerd was started again, and has stopped all containers. To their tasks they have ended, even to those that were to be stopped. */
  engineRestarted(nodeId: string): void {
    for (const [task, run] of this.#runs.get(nodeId) ?? []) {
      if (run.hasContainer) {
        this.#exit(task, run, readProgram(task.spec.args).stop > RESTART_PATIENCE ? KILLED : 0);
      }
    }
  }

  engineGone(nodeId: string): void {
    for (const [task, run] of this.#runs.get(nodeId) ?? []) {
      cancelAll(run);
      run.lostAt = this.#clock.now();
      this.#lost.push([task, run]);
    }
    this.#runs.delete(nodeId);
  }

  /** Does what the managers want of the task, if its node hears them. */
  #look(task: Task): void {
    if (this.#nodes.get(task.nodeId)?.present !== true || task.state === 'pending') {
      return;
    }
    const run = this.#runs.get(task.nodeId)?.get(task);
    if (isWanted(task) && !isOver(task) && this.#store.has(task)) {
      this.#want(task, run);
    } else {
      this.#unwant(task, run);
    }
  }

  #unwant(task: Task, run: Run | undefined): void {
    if (run !== undefined) {
      this.#stop(task, run);
    } else if (!isWanted(task) && !isOver(task)) {
      // Told to stop before its node had heard of it.
      this.#store.setState(task, 'shutdown');
    }
  }

  #want(task: Task, run: Run | undefined): void {
    if (run === undefined) {
      this.#prepare(task);
    } else if (run.phase === 'ready' && task.desiredState === 'running') {
      this.#start(task, run);
    }
  }

  #prepare(task: Task): void {
    const run: Run = {
      phase: 'preparing',
      hasContainer: false,
      startedAt: 0,
      stopAt: undefined,
      lostAt: undefined,
      report: undefined,
      cancels: [],
    };
    const runs = this.#runs.get(task.nodeId) ?? new Map<Task, Run>();
    this.#runs.set(task.nodeId, runs.set(task, run));
    this.#report(task, run, 'preparing');
    this.#after(run, PREPARE_TIME, () => {
      if (task.spec.image !== IMAGE) {
        this.#end(task, run, 'rejected', `No such image: ${task.spec.image}`);
        return;
      }
      run.phase = 'ready';
      this.#volumes.set(task.nodeId, new Set([...(this.#volumes.get(task.nodeId) ?? []), ...task.spec.volumes]));
      this.#report(task, run, 'ready');
      this.#look(task);
    });
  }

  #start(task: Task, run: Run): void {
    const program = readProgram(task.spec.args);
    run.phase = 'starting';
    run.hasContainer = true;
    run.startedAt = this.#clock.now() + START_TIME;
    this.#report(task, run, 'starting');
    const { exit } = program;
    if (exit !== undefined) {
      this.#after(run, START_TIME + exit.after, () => {
        this.#exit(task, run, exit.code);
      });
    }
    const { healthyAfter, unhealthyAfter } = health(task, program);
    this.#after(run, START_TIME + healthyAfter, () => {
      run.phase = 'running';
      this.#report(task, run, 'running');
    });
    this.#after(run, START_TIME + unhealthyAfter + stopTime(task), () => {
      this.#exit(task, run, mustBeKilled(task) ? KILLED : 0, ': dockerexec: unhealthy container');
    });
  }

  /** Exit code 0 is a completion, even where a failed health check was the reason to stop. */
  #exit(task: Task, run: Run, code: number, why = ''): void {
    const failed = code !== 0;
    this.#end(task, run, failed ? 'failed' : 'complete', failed ? `task: non-zero exit (${code})${why}` : '');
  }

  #stop(task: Task, run: Run): void {
    if (run.phase === 'stopping' || run.phase === 'over') {
      return;
    }
    cancelAll(run);
    run.phase = 'stopping';
    run.stopAt = this.#clock.now();
    this.#after(run, run.hasContainer ? stopTime(task) : 0, () => {
      this.#end(task, run, 'shutdown');
    });
  }

  #end(task: Task, run: Run, state: TaskState, error = ''): void {
    cancelAll(run);
    run.phase = 'over';
    run.hasContainer = false;
    this.#report(task, run, state, error);
  }

  #report(task: Task, run: Run, state: TaskState, error = ''): void {
    run.report = [state, error];
    this.#deliver(task, run);
  }

  #deliver(task: Task, run: Run): void {
    if (run.report === undefined || this.#nodes.get(task.nodeId)?.present !== true) {
      return;
    }
    const [state, error] = run.report;
    run.report = undefined;
    if (run.phase === 'over') {
      this.#runs.get(task.nodeId)?.delete(task);
    }
    this.#store.setState(task, state, error);
  }

  #after(run: Run, delay: number, work: () => void): void {
    if (delay !== Infinity) {
      run.cancels.push(this.#clock.schedule(delay, work));
    }
  }
}

/** It does not end of itself when it is told to. */
const mustBeKilled = ({ spec }: Task): boolean => readProgram(spec.args).stop > spec.stopGrace;

const stopTime = ({ spec }: Task): number =>
  STOP_TIME + (spec.networks.length > 0 ? UNNAMED_FOR : 0) + Math.min(readProgram(spec.args).stop, spec.stopGrace);

/** A task with a health check is starting until the first check that it passes, and stopped after so many that it does not. */
function health({ spec }: Task, program: Program): { readonly healthyAfter: number; readonly unhealthyAfter: number } {
  if (spec.health === undefined) {
    return { healthyAfter: 0, unhealthyAfter: Infinity };
  }
  const { interval, startPeriod, retries } = spec.health;
  const healthyAfter = Math.max(1, Math.ceil(program.healthyAfter / interval)) * interval;
  const unhealthyAfter = (Math.floor(startPeriod / interval) + retries) * interval;
  return healthyAfter <= unhealthyAfter
    ? { healthyAfter, unhealthyAfter: Infinity }
    : { healthyAfter: Infinity, unhealthyAfter };
}

function cancelAll(run: Run): void {
  for (const cancel of run.cancels) {
    cancel();
  }
  run.cancels = [];
}
