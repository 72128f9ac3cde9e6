// One try of a Task state: the call, its task token, its timeouts. Whatever comes first ends it; the rest is too late.
import { Cancelled, messageOf, StatesError } from './errors.ts';
import type { Lifetime } from './lifetime.ts';
import type { Run, TaskCall } from './runtime.ts';

export interface Try {
  readonly call: TaskCall;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
  /** Called when the service took a call whose result comes by token. */
  readonly submitted: (result: unknown) => void;
}

/**
 * Resolves with the result of the call, or with what came by the task token.
 *
 * @throws StatesError of the call or the token, `States.Timeout`, or what a missed heartbeat is called
 * @throws Cancelled when `outer` ends first
 */
export function attempt(run: Run, outer: Lifetime, { call, ...rest }: Try): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const life = outer.child();
    life.onEnd(() => {
      // No effect on what was resolved or rejected before.
      reject(Cancelled.one);
    });
    const succeed = (result: unknown): void => {
      resolve(result);
      life.end();
    };
    const fail = (error: StatesError): void => {
      reject(error);
      life.end();
    };
    const failAfter = (seconds: number | undefined, error: string): (() => void) => {
      if (seconds === undefined) return () => undefined;
      return after(run, life, seconds * 1000, () => {
        fail(new StatesError(error));
      });
    };

    failAfter(rest.timeoutSeconds, 'States.Timeout');
    if (call.taskToken !== undefined) {
      const taskToken = call.taskToken;
      let cancelBeat = failAfter(rest.heartbeatSeconds, run.knobs.missedHeartbeat);
      const beat = (): void => {
        cancelBeat();
        cancelBeat = failAfter(rest.heartbeatSeconds, run.knobs.missedHeartbeat);
      };
      // Open before the call: what is called may answer before it returns.
      run.tokens.open(taskToken, { succeed, fail, beat });
      life.onEnd(() => {
        run.tokens.close(taskToken);
      });
    }
    const answered = call.taskToken === undefined ? succeed : rest.submitted;
    begin(run, call)
      .then((result) => {
        if (!life.ended) answered(result);
      })
      .catch((thrown: unknown) => {
        fail(asStatesError(run, thrown));
      });
  });
}

/** Also a call that throws instead of rejecting ends up in the promise. */
function begin(run: Run, call: TaskCall): Promise<unknown> {
  return new Promise((resolve) => {
    resolve(run.runtime.call(call));
  });
}

function asStatesError(run: Run, thrown: unknown): StatesError {
  if (thrown instanceof StatesError) return thrown;
  run.defect(thrown);
  return new StatesError('States.Runtime', messageOf(thrown));
}

/** Wakes after `delayMs` unless `life` ends before. Returns how to cancel it. */
export function after(run: Run, life: Lifetime, delayMs: number, wake: () => void): () => void {
  const cancelTimer = run.runtime.schedule(delayMs, () => {
    forget();
    wake();
  });
  const forget = life.onEnd(cancelTimer);
  return () => {
    forget();
    cancelTimer();
  };
}

/** @throws Cancelled when `outer` ends first */
export function sleep(run: Run, outer: Lifetime, delayMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const life = outer.child();
    life.onEnd(() => {
      reject(Cancelled.one);
    });
    after(run, life, delayMs, () => {
      resolve();
      life.end();
    });
  });
}
