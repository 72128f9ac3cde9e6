// Holds a run against the rules: it hears of everything that happens, and is asked after each step and once more at rest.
import type { Exchange } from '../aws/endpoint.ts';
import type { Group, Member } from '../aws/services/group.ts';
import type { Execution } from '../aws/states/execution.ts';
import type { HistoryEvent } from '../aws/states/history.ts';
import type { Lab } from '../lab.ts';
import type { NodeLeaving } from '../nodes/machines.ts';
import { AbandonedByRule } from './abandoned.ts';
import { atRest } from './at-rest.ts';
import type { Kept } from './kept.ts';
import { leftUndrained } from './ended.ts';
import type { Ended } from './ended.ts';
import { doneTooLate } from './late-commands.ts';
import { problemsOfLeaving } from './leaving.ts';
import { ledSwarms } from './led-swarms.ts';
import { LockWatch } from './lock-watch.ts';
import { takenOver } from './one-at-work.ts';
import { OwnersWord } from './owners-word.ts';
import type { Rule, Violation } from './rules.ts';
import { instanceOf, isNamed, leaksToken } from './telling.ts';
import { Tries } from './tries.ts';
import { WantedManagers } from './wanted-managers.ts';

/** So long a swarm may be without a leader before a verdict has to say so: two tidies, and some minutes. */
const VERDICT_SEES_WITHIN = 25 * 60_000;

export class Invariants {
  readonly violations: Violation[] = [];
  readonly #lab: Lab;
  readonly #cluster: string;
  readonly #kept: Kept;
  readonly #wanted: WantedManagers;
  readonly #abandoned = new AbandonedByRule();
  readonly #lock: LockWatch;
  readonly #tries = new Tries();
  readonly #owners = new OwnersWord();
  readonly #lifecycles = new Map<string, string>();
  #timedOut = 0;
  #ended: Ended[] = [];
  #ledAt: number;

  constructor(lab: Lab, cluster: string, kept: Kept) {
    this.#lab = lab;
    this.#cluster = cluster;
    this.#kept = kept;
    this.#wanted = new WantedManagers(lab, cluster);
    this.#lock = new LockWatch(cluster);
    this.#ledAt = lab.clock.now();
    lab.machines.watchNodes?.((leaving) => {
      this.#nodeLeaves(leaving);
    });
  }

  // --- What happens

  onExchange(exchange: Exchange): void {
    this.#wanted.look();
    if (leaksToken(exchange)) {
      this.#violate('no-secret', `${exchange.service}.${exchange.operation} carries a join token`);
    }
    for (const problem of this.#abandoned.after(exchange)) {
      this.#violate('abandoned-by-rule', problem);
    }
    const now = this.#lab.clock.now();
    this.#tries.onExchange(exchange, now);
    this.#complain('waits-without-lock', this.#lock.onExchange(exchange, now / 1000));
  }

  onMember(group: Group, member: Member): void {
    const before = this.#lifecycles.get(member.instanceId);
    this.#lifecycles.set(member.instanceId, member.lifecycle);
    const { timedOut } = this.#lab.autoScaling.hooks;
    const byAws = timedOut !== this.#timedOut;
    this.#timedOut = timedOut;
    if (member.lifecycle === 'Terminated' && !byAws) {
      this.#ended.push(...leftUndrained(this.#lab, group, member, before));
    }
  }

  onExecution(execution: Execution, event: HistoryEvent): void {
    this.#complain('one-at-work', takenOver(execution, event, this.#lab.executions));
    if (event.type === 'TaskStateEntered' && event.state === 'CompleteForced') {
      const { runCommand, clock } = this.#lab;
      this.#complain('tried-to-the-end', this.#tries.onForced(execution, runCommand.commands, clock.now()));
    }
    if (event.type === 'ExecutionFailed' && !isNamed(execution.error)) {
      const what = `${execution.stateMachine.name} ended with ${execution.error ?? 'no error'}: ${execution.cause ?? ''}`;
      this.#violate('errors-have-names', what);
    }
  }

  #nodeLeaves(leaving: NodeLeaving): void {
    for (const { rule, what } of problemsOfLeaving(this.#lab, leaving, this.#wanted.least())) {
      this.#violate(rule, what);
    }
  }

  // --- When it is asked

  /** After each step of a scenario. What people say of services counts until they say something else. */
  async after(step: object): Promise<void> {
    const [led] = ledSwarms(this.#lab);
    if (led !== undefined && ('docker' in step || 'service' in step)) this.#owners.said(led);
    await this.look();
  }

  /** What had no answer in time may be carried out later: then nobody knows what the owners of services have said last. */
  passedOver(because: string): void {
    if (because.includes('exit code 124')) this.#owners.clear();
  }

  async look(): Promise<void> {
    const led = ledSwarms(this.#lab);
    if (led.length > 1) {
      this.#violate('one-swarm', `${led.length} swarms are led: ${led.map(({ swarmId }) => swarmId).join(', ')}`);
    }
    this.#lookAtEnded();
    for (const problem of doneTooLate(this.#lab.runCommand.commands)) {
      this.#violate('late-does-nothing', problem);
    }
    await this.#lookAtVerdict(led.length > 0);
  }

  /** An instance that was ended by force is known by the execution that did it, which ends a moment later. */
  #lookAtEnded(): void {
    const { executions } = this.#lab;
    this.#ended = this.#ended.filter(({ instance, what }) => {
      const about = executions.filter((one) => instanceOf(one) === instance);
      if (about.some(({ status }) => status === 'RUNNING')) {
        return true;
      }
      // What came back from standby with its engine down has tasks on record, and its launch is given up at the deadline all the same.
      const isTold = about.some(({ error }) => error === 'Forced' || error === 'LaunchAbandoned');
      if (!isTold && !this.#lab.console.alarms.raised.has('ForcedCompletion')) {
        this.#violate('drained-before-ended', what);
      }
      return false;
    });
  }

  async #lookAtVerdict(isLed: boolean): Promise<void> {
    const now = this.#lab.clock.now();
    this.#ledAt = isLed ? now : this.#ledAt;
    if (isLed || now - this.#ledAt < VERDICT_SEES_WITHIN) {
      return;
    }
    const { state, verdict } = await this.#kept.read();
    const isFresh = verdict !== undefined && verdict.asOf * 1000 > this.#ledAt + VERDICT_SEES_WITHIN;
    if (state === 'founded' && isFresh && verdict.level === 'healthy') {
      this.#violate(
        'honest-verdict',
        `it is healthy, and no swarm has had a leader for ${(now - this.#ledAt) / 60_000} min`,
      );
    }
  }

  /** At the end, when faults have ended and tidies have passed. */
  async rest(): Promise<void> {
    await this.look();
    for (const { rule, what } of await atRest(this.#lab, this.#cluster, this.#kept)) {
      this.#violate(rule, what);
    }
    const [led] = ledSwarms(this.#lab);
    for (const problem of led === undefined ? [] : this.#owners.problems(led)) {
      this.#violate('services-as-said', problem);
    }
  }

  #complain(rule: Rule, what: string | undefined): void {
    if (what !== undefined) this.#violate(rule, what);
  }

  /** Of each rule the first few: what follows from one is no other. */
  #violate(rule: Rule, what: string): void {
    if (!this.violations.some((one) => one.rule === rule && one.what === what)) {
      this.violations.push({ rule, what, at: this.#lab.clock.now() - this.#lab.clock.start });
    }
  }
}
