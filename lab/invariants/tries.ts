// Whether an action that is ended by force has been tried to its end: a step that failed once is tried again until its time is over.
import type { Exchange } from '../aws/endpoint.ts';
import type { CommandRecord } from '../aws/services/invocation.ts';
import type { Execution } from '../aws/states/execution.ts';
import { instanceOf } from './telling.ts';
import { fromComment } from '../../src/core/steps/rendezvous.ts';

/** Of the time that it had, the share in which nothing may have been tried. Pauses grow to a third of what has passed. */
const LONGEST_SILENCE = 0.6;
/** It has less where its hook has little time: then nothing can be said of it, ms. */
const SHORTEST = 150_000;
/** By the function that gives up, a moment before the execution goes on, ms. */
const CANCELLED_WITHIN = 60_000;

export class Tries {
  /** By instance: when a command about it was sent last, or was to be. */
  readonly #tried = new Map<string, number>();

  onExchange({ service, operation, input }: Exchange, now: number): void {
    const comment = input['Comment'];
    if (service === 'ssm' && operation === 'SendCommand' && typeof comment === 'string') {
      this.#tried.set(instanceIn(comment), now);
    }
  }

  /** @returns what is wrong with its end by force, now */
  onForced(execution: Execution, commands: Iterable<CommandRecord>, now: number): string | undefined {
    const instance = instanceOf(execution) ?? '';
    const tried = this.#tried.get(instance);
    // None of its own was ever sent: it waited for something else.
    if (tried === undefined || tried < execution.startDate || wasHeld(execution)) {
      return undefined;
    }
    // Whether it runs still or was cancelled by this very end: its agent may be away, and nobody else can end it.
    const isUnderWay = ({ endedAt = now }: CommandRecord): boolean => now - endedAt < CANCELLED_WITHIN;
    const underWay = [...commands].some((one) => isUnderWay(one) && instanceIn(one.comment) === instance);
    const silence = now - tried;
    const isSilent = silence > SHORTEST && silence > (now - execution.startDate) * LONGEST_SILENCE;
    return underWay || !isSilent
      ? undefined
      : `${instance} is ended by force, and for ${Math.round(silence / 1000)} s nothing was tried`;
  }
}

const instanceIn = (comment: string): string => fromComment(comment)?.instance ?? '';

const wasHeld = ({ history }: Execution): boolean =>
  history.some(({ type, state }) => type.endsWith('StateEntered') && state === 'Held');
