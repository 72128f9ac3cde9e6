// Follows a stack until CloudFormation is done with it, and says what happens meanwhile.
import { eventsAfter, readStack } from '../../src/aws/stacks.ts';
import type { Event } from '../../src/aws/stacks.ts';
import type { StackFacts } from '../../src/core/cluster/plan.ts';
import { Failed } from '../errors.ts';
import type { Ports } from './present.ts';

/**
 * @param last the last event before what is followed began
 * @param meanwhile called between two looks
 * @returns undefined where the stack is deleted
 */
export async function follow(
  ports: Ports,
  name: string,
  last: string | undefined,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<StackFacts | undefined> {
  const told = new Set<string>();
  for (;;) {
    const stack = await readStack(ports.stacks, name);
    if (stack === undefined) {
      return undefined;
    }
    const events = await eventsAfter(ports.stacks, name, last);
    for (const event of events.filter(({ id }) => !told.has(id))) {
      told.add(event.id);
      tell(ports, event);
    }
    if (!stack.status.endsWith('_IN_PROGRESS')) {
      refuseFailure(stack, events);
      return stack;
    }
    await meanwhile();
    await ports.pause();
  }
}

function tell({ say }: Ports, { logicalId, status, because }: Event): void {
  // What begins is told by its end.
  if (!status.endsWith('_IN_PROGRESS')) {
    say(`  ${logicalId} ${status}${because === '' ? '' : `: ${because}`}`);
  }
}

/** Where nothing of it was begun, since a parameter names what is not there, only this event says why. */
const isRollback = ({ status, because }: Event): boolean => status.endsWith('ROLLBACK_IN_PROGRESS') && because !== '';

function refuseFailure({ name, status, because }: StackFacts, events: readonly Event[]): void {
  if (!/FAILED|ROLLBACK/.test(status)) {
    return;
  }
  // All others follow from the first: what was under way is cancelled, and then rolled back.
  const first = events.find((event) => event.status.endsWith('_FAILED')) ?? events.find(isRollback);
  const reason =
    first === undefined ? (because ?? 'CloudFormation says no reason') : `${first.logicalId}: ${first.because}`;
  const rest =
    status === 'ROLLBACK_COMPLETE'
      ? `\nnothing of it is left but its name: the next \`skep cluster up\` clears that`
      : '';
  throw new Failed(`${name} is ${status}\nthe first reason: ${reason}${rest}`);
}
