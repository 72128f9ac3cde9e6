// The task tokens of one execution: one per try of a waitForTaskToken state, open until that try ends.
import { type StatesError, TaskTokenError } from './errors.ts';

/** What the holder of a token can do to the try that waits for it. */
export interface TokenWait {
  succeed(output: unknown): void;
  fail(error: StatesError): void;
  beat(): void;
}

export class TaskTokens {
  /** Closed tokens stay, without their wait: AWS answers TaskTimedOut for them, not TaskDoesNotExist. */
  readonly #waits = new Map<string, TokenWait | undefined>();

  has(taskToken: string): boolean {
    return this.#waits.has(taskToken);
  }

  open(taskToken: string, wait: TokenWait): void {
    if (this.#waits.has(taskToken)) throw new Error(`task token ${taskToken} was issued twice`);
    this.#waits.set(taskToken, wait);
  }

  close(taskToken: string): void {
    this.#waits.set(taskToken, undefined);
  }

  /** @throws TaskTokenError */
  find(taskToken: string): TokenWait {
    const wait = this.#waits.get(taskToken);
    if (wait !== undefined) return wait;
    throw new TaskTokenError(this.#waits.has(taskToken) ? 'TaskTimedOut' : 'TaskDoesNotExist');
  }
}
