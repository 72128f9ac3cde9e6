// Lifecycle actions that wait: for whoever completes them, or for the timeout of their hook.
import type { Clock } from '../../time/clock.ts';
import { globalTimeout } from './group-limits.ts';
import type { Hook } from './group.ts';
import type { OpenAction } from './passages.ts';
import { AwsError } from './service.ts';

type Result = Hook['defaultResult'];

export class OpenActions {
  readonly byToken = new Map<string, OpenAction>();
  /** How each action ended, for the report; `timedOut`: by the hook's own timeout, since nobody completed it. */
  readonly ends = { continued: 0, abandoned: 0, timedOut: 0 };
  readonly #clock: Clock;
  readonly #onEnd: (action: OpenAction, result: Result) => void;

  constructor(clock: Clock, onEnd: (action: OpenAction, result: Result) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  open(wanted: Omit<OpenAction, 'since' | 'cancel'>): OpenAction {
    const action: OpenAction = { ...wanted, since: this.#clock.now(), cancel: () => undefined };
    this.byToken.set(action.token, action);
    this.#arm(action);
    return action;
  }

  complete(action: OpenAction, result: Result): void {
    this.ends[result === 'CONTINUE' ? 'continued' : 'abandoned'] += 1;
    this.#end(action, result);
  }

  /** Restarts the hook's timer, but never past its global limit. */
  heartbeat(action: OpenAction): void {
    action.cancel();
    this.#arm(action);
  }

  /** @throws {AwsError} */
  find(
    group: string,
    hook: string,
    by: { readonly token?: string | undefined; readonly instanceId?: string | undefined },
  ): OpenAction {
    const found = [...this.byToken.values()].find(
      (action) =>
        action.group === group &&
        action.hook.name === hook &&
        (by.token === undefined ? action.instanceId === by.instanceId : action.token === by.token),
    );
    if (found === undefined) {
      const what = by.token === undefined ? `instance ID ${by.instanceId ?? ''}` : `token ${by.token}`;
      throw new AwsError('ValidationError', `No active Lifecycle Action found with ${what}`);
    }
    return found;
  }

  /** Whatever waits of the instance waits no more, and nothing follows of it. */
  closeAll(instanceId: string): void {
    for (const action of [...this.byToken.values()].filter((one) => one.instanceId === instanceId)) {
      this.#close(action);
    }
  }

  #arm(action: OpenAction): void {
    const { heartbeatTimeout: timeout, defaultResult } = action.hook;
    const latest = action.since + globalTimeout(timeout) * 1000;
    action.cancel = this.#clock.schedule(Math.min(timeout * 1000, latest - this.#clock.now()), () => {
      this.ends.timedOut += 1;
      this.#end(action, defaultResult);
    });
  }

  #close(action: OpenAction): void {
    action.cancel();
    this.byToken.delete(action.token);
  }

  #end(action: OpenAction, result: Result): void {
    this.#close(action);
    this.#onEnd(action, result);
  }
}
