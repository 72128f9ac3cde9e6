// One command from SendCommand to its end: delivered or not, run by the agent of its instance, reported, or given up by SSM.
import type { Clock } from '../../time/clock.ts';
import { NotToBeHad } from '../../nodes/machines.ts';
import type { DocumentOutcome, Machines } from '../../nodes/machines.ts';
import type { AgentJob } from './agent.ts';
import { whyRefused } from './agent-patterns.ts';
import { failedWithoutOutput, resultOf } from './agent-result.ts';
import type { Result } from './agent-result.ts';
import { cutOff, endWithoutScript, takeFault } from './command-fault.ts';
import type { CommandFault, FaultOutcome } from './command-fault.ts';
import { renderScript } from './document.ts';
import type { SsmDocument } from './document.ts';
import type { Invocation } from './invocation.ts';
import { QUOTAS } from './quotas.ts';
import type { Rogues } from './rogue.ts';

/** What a command needs of the lab around it. */
export interface CommandWorld {
  readonly clock: Clock;
  readonly machines: Machines;
  readonly faults: readonly CommandFault[];
  readonly rogues: Rogues;
  /** From SendCommand until the agent has it, ms. */
  readonly deliveryLatency: number;
  /** Brings it to the agent of its instance. */
  readonly offer: (instanceId: string, job: CommandJob) => void;
  /** The agent of the instance is started anew, or its machine. */
  readonly restart: (instanceId: string, what: 'agent' | 'update' | 'machine') => void;
  readonly ended: (invocation: Invocation) => void;
  readonly onDefect: (error: unknown) => void;
}

/** For an agent that is spoken to over HTTP there is more to know than for one that is a part of the lab. */
export interface CommandJob extends AgentJob {
  readonly command: CommandRun;
  /** What the agent is to report in place of what its script does. */
  readonly instead: Result | undefined;
}

/** The process that watched over the script does not answer: after this the agent calls it lost, ms. */
const WORKER_LOST = 61_000;

export class CommandRun {
  readonly invocation: Invocation;
  readonly document: SsmDocument;
  readonly values: Readonly<Record<string, string>>;
  readonly #world: CommandWorld;
  readonly #executionTimeout: number;
  readonly #cancelled = new AbortController();
  /** What an agent that answers as a scenario says makes of it besides. */
  #rogue: { readonly replies: number; readonly comment: string | undefined } = { replies: 1, comment: undefined };
  #effect: Extract<FaultOutcome, { effect: string }> | undefined;

  constructor(
    world: CommandWorld,
    invocation: Invocation,
    work: { document: SsmDocument; values: Readonly<Record<string, string>>; executionTimeout: number },
  ) {
    this.#world = world;
    this.invocation = invocation;
    this.document = work.document;
    this.values = work.values;
    this.#executionTimeout = work.executionTimeout;
  }

  deliver(): void {
    const { clock, deliveryLatency } = this.#world;
    // Total timeout = delivery + execution. An agent that has not answered by then is not waited for, whatever became of it.
    const total = this.invocation.deliverBefore + this.#executionTimeout * 1000 - clock.now();
    this.invocation.cancelTimeout = clock.schedule(total, () => {
      this.#end({ status: 'TimedOut', details: 'DeliveryTimedOut', code: -1, stdout: '', stderr: '' });
    });
    clock.schedule(deliveryLatency, () => {
      this.#arrive();
    });
  }

  /** What waits is not run; what runs is killed, and what it has said so far is told. */
  cancel(): void {
    const { clock, deliveryLatency } = this.#world;
    if (this.invocation.status === 'Pending') {
      this.#end({ status: 'Cancelled', details: 'Cancelled', code: -1, stdout: '', stderr: '' });
    } else if (this.invocation.endedAt === undefined) {
      this.invocation.statusDetails = 'Cancelling';
      clock.schedule(deliveryLatency, () => {
        this.#cancelled.abort();
      });
    }
  }

  /** Aborted when the agent is to end it. */
  get cancelled(): AbortSignal {
    return this.#cancelled.signal;
  }

  #arrive(): void {
    const { invocation } = this;
    const outcome = takeFault(this.#world.faults, invocation.verb, invocation.instanceId);
    this.#effect = outcome !== undefined && 'effect' in outcome ? outcome : undefined;
    const end = endWithoutScript(outcome);
    if (end === 'undeliverable') {
      this.#end({ status: 'Failed', details: 'Undeliverable', code: -1, stdout: '', stderr: '' });
    } else if (end !== 'silence') {
      this.#world.offer(invocation.instanceId, this.#job(end));
    }
  }

  /** It stays Pending at the service until the agent takes it. */
  #job(instead: Result | undefined): CommandJob {
    const { invocation } = this;
    const { clock } = this.#world;
    return {
      command: this,
      instead,
      wanted: () => invocation.status === 'Pending' && clock.now() < invocation.deliverBefore,
      accepted: () => {
        invocation.acceptedAt = clock.now();
        // The agent says so when it takes it, not when the script begins.
        invocation.status = 'InProgress';
        invocation.statusDetails = 'InProgress';
      },
      run: async () => {
        await this.#untilItBegins();
        this.begun();
        try {
          return instead ?? (await this.#run());
        } catch (error) {
          if (error instanceof NotToBeHad) {
            // Its machine died before the script began: nobody is there to tell of it, and the command ends with its time-out.
            return new Promise<never>(() => undefined);
          }
          this.#world.onDefect(error);
          return failedWithoutOutput(-1);
        }
      },
      finished: (result) => {
        this.heard(result);
      },
    };
  }

  async #untilItBegins(): Promise<void> {
    if (this.#effect?.effect === 'begins-late') {
      await this.#world.clock.sleep(this.#effect.by);
    }
  }

  /** The script begins: what a scenario wants to happen meanwhile takes its course. */
  begun(): void {
    const { clock, restart } = this.#world;
    const { instanceId } = this.invocation;
    this.invocation.startedAt = clock.now();
    const effect = this.#effect;
    switch (effect?.effect) {
      case 'lost':
        clock.schedule(WORKER_LOST, () => {
          this.#end(failedWithoutOutput(1));
        });
        return;
      case 'agent-restarts':
      case 'agent-updates':
      case 'reboot':
        clock.schedule(effect.by, () => {
          restart(instanceId, RESTARTED[effect.effect]);
        });
        return;
      default:
    }
  }

  async #run(): Promise<Result> {
    const { document, values } = this;
    if (whyRefused(document, values) !== undefined) {
      return failedWithoutOutput(-1);
    }
    const { invocation } = this;
    const running = (): Promise<DocumentOutcome> =>
      this.#world.machines.run(invocation.instanceId, {
        verb: invocation.verb,
        script: renderScript(document, values),
        parameters: values,
        timeoutSeconds: this.#executionTimeout,
        cancelled: this.cancelled,
      });
    const { outcome, replies, comment } = await this.#world.rogues.end(invocation, running);
    this.#rogue = { replies, comment };
    invocation.didItsWork = outcome.exitCode === 0;
    return resultOf(outcome);
  }

  /** What the agent reports. */
  heard(result: Result): void {
    const effect = this.#effect;
    switch (effect?.effect) {
      case 'lost':
        return;
      case 'late':
        this.#world.clock.schedule(effect.by, () => {
          this.#end(result);
        });
        return;
      case 'cut-off':
        this.#end(cutOff(result));
        return;
      case 'twice':
        this.#end(result);
        this.#world.ended(this.invocation);
        return;
      default:
        this.#believe(result);
    }
  }

  #believe(result: Result): void {
    const { invocation } = this;
    const { replies, comment } = this.#rogue;
    invocation.comment = comment ?? invocation.comment;
    this.#end(result);
    for (let again = 1; again < replies; again += 1) {
      this.#world.ended(invocation);
    }
  }

  #end(result: Result): void {
    const { invocation } = this;
    if (invocation.endedAt !== undefined) {
      return;
    }
    invocation.endedAt = this.#world.clock.now();
    invocation.cancelTimeout();
    invocation.status = result.status;
    invocation.statusDetails = result.details;
    invocation.responseCode = result.code;
    invocation.stdout = result.stdout.slice(0, QUOTAS.standardOutput.value);
    invocation.stderr = result.stderr.slice(0, QUOTAS.standardError.value);
    this.#world.ended(invocation);
  }
}

const RESTARTED = { 'agent-restarts': 'agent', 'agent-updates': 'update', reboot: 'machine' } as const;
