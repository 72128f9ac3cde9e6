// What a person may have no right to look at: then it is told what was not seen, and why, and the rest goes on.
import type { IfPermitted } from '../core/adopt/facts.ts';
import { isDenied } from './errors.ts';

/** @throws where it fails for any other reason */
export async function ifPermitted<T>(action: string, asking: Promise<T>): Promise<IfPermitted<T>> {
  try {
    return { seen: await asking };
  } catch (error) {
    if (!isDenied(error)) {
      throw error;
    }
    return { unseen: deniedText(action, error) };
  }
}

/** AWS names who may not do what; of some services it names nothing. */
function deniedText(action: string, error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const [, who = 'you', denied = action] = /User: (\S+) is not authorized to perform: (\S+)/.exec(message) ?? [];
  return `AWS denies ${denied} to ${who}`;
}
