// What `skep verify --launch` settles with one instance that it starts in a group and removes again: what is expected, what it costs, and
// what of skep rests on it.
import { exitCode } from '../exit-codes.ts';
import type { AssumptionFinding } from './assumptions.ts';
import type { Reading } from './facts.ts';

/** How the command ended that was sent to the instance so that its agent reads a document's patterns. */
interface ProbeEnd {
  readonly status: string;
  readonly responseCode: number;
  readonly stdout: string;
}

/** As far as it came. What is undefined was not come to. */
export interface LaunchSeen {
  readonly group: string;
  readonly instance?: string;
  /** Names of the errors with which commands were refused before the first one was taken, each once. */
  readonly refusals?: readonly string[];
  /** Seconds from the launch until a command was taken. */
  readonly agentAfter?: number;
  /** Seconds from SendCommand until GetCommandInvocation knew of it. */
  readonly knownAfter?: number;
  readonly probe?: ProbeEnd;
  /** Of the executions of scale-out about it, their statuses. */
  readonly scaleOut?: readonly string[];
  readonly lifecycle?: string;
  /** What skep has sent to it, and how that ended. */
  readonly commands?: readonly { readonly document: string; readonly status: string }[];
  readonly scaleIn?: readonly string[];
  readonly gone?: boolean;
  readonly desired?: { readonly before: number; readonly after: number };
  /** The error with which a command was refused when the instance was gone; `nothing` where it was taken. */
  readonly refusedAfter?: string;
}

interface LaunchCheck {
  readonly id: string;
  readonly assumption: string;
  readonly expected: string;
  readonly rests: string;
  readonly cost: string;
  /** @returns undefined where it was not come to */
  readonly wrong: (seen: LaunchSeen) => readonly string[] | undefined;
}

/** What is shown of a look; nothing of a look that the launch did not reach. */
function about<K extends keyof LaunchSeen>(
  key: K,
  wrong: (seen: NonNullable<LaunchSeen[K]>) => readonly string[],
): LaunchCheck['wrong'] {
  return (seen) => {
    const value = seen[key];
    return value === undefined ? undefined : wrong(value);
  };
}

const unless = (holds: boolean, seen: string): readonly string[] => (holds ? [] : [seen]);

const AGENT_WITHIN = 600;
const KNOWN_WITHIN = 10;
/** A rule hears an event once, says AWS, and now and then twice: executions are named after it, so that there is one. */
const oneThatSucceeded = (statuses: readonly string[]): readonly string[] =>
  unless(statuses.join() === 'SUCCEEDED', statuses.length === 0 ? 'no execution' : statuses.join(', '));

const CHECKS: readonly LaunchCheck[] = [
  {
    id: 'launch-refused-early',
    assumption: 'a command to an instance whose agent is not there yet is refused by name',
    expected: 'InvalidInstanceId',
    rests: 'launches: they wait for the agent by this name',
    cost: 'a call every two seconds until the agent is there',
    wrong: about('refusals', (names) => names.filter((name) => name !== 'InvalidInstanceId')),
  },
  {
    id: 'launch-agent',
    assumption: 'the agent makes itself known with the role of the instance',
    expected: `within ${AGENT_WITHIN / 60} minutes`,
    rests: 'every node: nothing else of skep reaches an instance',
    cost: 'the instance until then',
    wrong: about('agentAfter', (seconds) =>
      unless(seconds <= AGENT_WITHIN, Number.isFinite(seconds) ? `after ${Math.round(seconds)} s` : 'it never came'),
    ),
  },
  {
    id: 'launch-known',
    assumption: 'a command that was sent can soon be read',
    expected: `within ${KNOWN_WITHIN} s`,
    rests: 'looks at commands: what is not known is looked at again, and later than that it counts as lost',
    cost: 'a few calls',
    wrong: about('knownAfter', (seconds) =>
      unless(seconds <= KNOWN_WITHIN, Number.isFinite(seconds) ? `after ${Math.round(seconds)} s` : 'never'),
    ),
  },
  {
    id: 'launch-patterns',
    assumption: 'the agent takes the patterns of a document, and runs its script',
    expected: 'Failed, Expired (10): the script refuses a command that is too old',
    rests: 'every command: an agent that cannot read a pattern refuses the document without a word',
    cost: 'one command, which does nothing',
    wrong: about('probe', ({ status, responseCode, stdout }) =>
      unless(
        status === 'Failed' && exitCode(responseCode)?.error === 'Expired' && stdout !== '',
        `${status}, exit code ${responseCode}, ${stdout === '' ? 'without output' : 'with output'}`,
      ),
    ),
  },
  {
    id: 'launch-event',
    assumption: 'the event of a launch starts one execution, which ends well',
    expected: 'one of scale-out, SUCCEEDED',
    rests: 'every scale-out; a second one would find the first at work',
    cost: 'about 20 transitions and 60 calls',
    wrong: about('scaleOut', oneThatSucceeded),
  },
  {
    id: 'launch-in-service',
    assumption: 'the launch hook that was completed brings the instance into service',
    expected: 'InService',
    rests: 'every scale-out: a node of the swarm that its group gives up',
    cost: 'the instance until then',
    wrong: about('lifecycle', (lifecycle) => unless(lifecycle === 'InService', lifecycle)),
  },
  {
    id: 'launch-commands',
    assumption: 'what was sent to an instance is listed for it, with its end',
    expected: 'the command that joins it, Success',
    rests: 'a command whose answer was lost: it is found by this list, and not sent twice',
    cost: 'a few calls',
    wrong: about('commands', (commands) => {
      const joins = commands.filter(({ document }) => document.endsWith('-join'));
      return unless(
        joins.some(({ status }) => status === 'Success'),
        joins.length === 0 ? `no join among ${commands.length}` : joins.map(({ status }) => status).join(', '),
      );
    }),
  },
  {
    id: 'terminate-event',
    assumption: 'the event of a termination starts one execution, which ends well',
    expected: 'one of scale-in, SUCCEEDED',
    rests: 'every scale-in: a node that is not drained, or twice',
    cost: 'about 20 transitions and 60 calls',
    wrong: about('scaleIn', oneThatSucceeded),
  },
  {
    id: 'terminate-gone',
    assumption: 'an instance that was ended with its place in the group is not launched anew',
    expected: 'it is gone, and the group wants as many as before',
    rests: '`skep remove`, and the removal of this instance',
    cost: 'the instance until then',
    wrong: ({ gone, desired }) =>
      gone === undefined || desired === undefined
        ? undefined
        : [
            ...unless(gone, 'it is still there'),
            ...unless(desired.before === desired.after, `it wants ${desired.after}, not ${desired.before}`),
          ],
  },
  {
    id: 'gone-refused',
    assumption: 'a command to an instance that is gone is refused by name',
    expected: 'InvalidInstanceId',
    rests: 'leaves: that the instance is gone is told by this name',
    cost: 'a few calls',
    wrong: about('refusedAfter', (name) => unless(name === 'InvalidInstanceId', name)),
  },
];

/** What a person is told before anything is started. */
export const LAUNCH_COSTS: readonly Pick<LaunchCheck, 'id' | 'assumption' | 'cost'>[] = CHECKS;

/** @param reading of which the problem is why it ended early, where it did; what it came to by then is judged all the same */
export function launchFindings(seen: LaunchSeen, reading: Reading<unknown>): readonly AssumptionFinding[] {
  const because = 'problem' in reading ? reading.problem : 'it was not come to';
  return CHECKS.map(({ id, assumption, expected, rests, wrong }) => {
    const found = wrong(seen);
    const told =
      found === undefined
        ? ({ verdict: 'not settled', seen: because } as const)
        : found.length === 0
          ? ({ verdict: 'holds', seen: 'as expected' } as const)
          : ({ verdict: 'wrong', seen: found.join('; ') } as const);
    return { id, assumption, expected, ...told, rests };
  });
}
