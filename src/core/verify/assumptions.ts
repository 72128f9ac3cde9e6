// What skep takes for granted of AWS and of what is deployed there, one after the other: what is expected, and what of skep rests on it.
import { hookProblems } from '../lifecycle/hooks.ts';
import { MACHINES, VERBS } from '../names.ts';
import type { Probe, Reading, Readings, VerifiedGroup, VerifyFacts } from './facts.ts';

export interface AssumptionFinding {
  readonly id: string;
  readonly assumption: string;
  readonly expected: string;
  readonly seen: string;
  readonly verdict: 'holds' | 'wrong' | 'not settled';
  /** What of skep does not work where it is wrong. */
  readonly rests: string;
}

interface Assumption {
  readonly id: string;
  readonly assumption: string;
  readonly expected: string;
  readonly rests: string;
  readonly judge: (readings: Readings, stage: string) => Pick<AssumptionFinding, 'seen' | 'verdict'>;
}

/** @returns what is wrong, one text for each; none where it holds */
type Wrong<T> = (seen: T, stage: string) => readonly string[];

const MOST_SHOWN = 3;

function on<K extends keyof VerifyFacts>(key: K, wrong: Wrong<VerifyFacts[K]>): Assumption['judge'] {
  return (readings, stage) => {
    const reading: Reading<VerifyFacts[K]> = readings[key];
    if ('problem' in reading) {
      return { verdict: 'not settled', seen: reading.problem };
    }
    const found = wrong(reading.seen, stage);
    const more = found.length > MOST_SHOWN ? ` (and ${found.length - MOST_SHOWN} more)` : '';
    return found.length === 0
      ? { verdict: 'holds', seen: 'as expected' }
      : { verdict: 'wrong', seen: found.slice(0, MOST_SHOWN).join('; ') + more };
  };
}

const unless = (holds: boolean, seen: string): readonly string[] => (holds ? [] : [seen]);

function probe(id: Probe, assumption: string, expected: readonly string[], rests: string): Assumption {
  return {
    id,
    assumption,
    expected: expected.join(' or '),
    rests,
    judge: on('probes', (probes) => unless(expected.includes(probes[id]), probes[id])),
  };
}

const ofGroups = (wrong: (group: VerifiedGroup, stage: string) => readonly string[]): Assumption['judge'] =>
  on('groups', (groups, stage) =>
    groups.flatMap((group) => wrong(group, stage).map((what) => `${group.name}: ${what}`)),
  );

const ASSUMPTIONS: readonly Assumption[] = [
  {
    id: 'stack',
    assumption: 'the last deployment ended well',
    expected: 'CREATE_COMPLETE or UPDATE_COMPLETE',
    rests: 'everything: half of an update may be there',
    judge: on('stack', ({ status }) => unless(/^(CREATE|UPDATE)_COMPLETE$/.test(status), status)),
  },
  {
    id: 'parts',
    assumption: 'every part of the stack is there',
    expected: 'each resource complete',
    rests: 'whatever the missing one does',
    judge: on('stack', ({ parts }) =>
      parts.length === 0
        ? ['no resources']
        : parts
            .filter(({ status }) => !/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status))
            .map((it) => `${it.logicalId} ${it.status}`),
    ),
  },
  {
    id: 'node-policies',
    assumption: 'the stack exports the policies of nodes',
    expected: 'skep-STAGE-worker-node-policy and -manager-node-policy',
    rests: 'clusters made from a file: their groups import them',
    judge: on('exports', (exports, stage) =>
      ['worker', 'manager']
        .map((role) => `skep-${stage}-${role}-node-policy`)
        .filter((name) => !exports.includes(name))
        .map((name) => `no export ${name}`),
    ),
  },
  {
    id: 'table-keys',
    assumption: 'the table is active, and has the keys that functions write',
    expected: 'ACTIVE; pk, sk',
    rests: 'all of the state: the table may be one that another owner had left over',
    judge: on('table', ({ status, keys }) => [
      ...unless(status === 'ACTIVE', status),
      ...unless(keys.join() === 'pk,sk', `keys ${keys.join(', ')}`),
    ]),
  },
  {
    id: 'table-protected',
    assumption: 'the table cannot be deleted by a slip of the hand',
    expected: 'deletion protection on',
    rests: 'a swarm whose record is lost would be founded a second time',
    judge: on('table', ({ isProtected }) => unless(isProtected, 'deletion protection off: deploy once more')),
  },
  {
    id: 'documents',
    assumption: 'each verb has a document that is active, and for Linux',
    expected: `${VERBS.length} documents, Active, Linux`,
    rests: 'every command that is sent to a node',
    judge: on('documents', (documents) => [
      ...VERBS.filter((verb) => !documents.some((one) => one.verb === verb)).map((verb) => `no document ${verb}`),
      ...documents.filter(({ status }) => status !== 'Active').map(({ verb, status }) => `${verb} ${status}`),
      ...documents.filter(({ platforms }) => !platforms.includes('Linux')).map(({ verb }) => `${verb} not for Linux`),
    ]),
  },
  {
    id: 'default-versions',
    assumption: 'an update makes the new version of a document the default one',
    expected: 'default version = latest version',
    rests: 'nothing while commands ask for the latest; a person who runs a document by hand runs an old one',
    judge: on('documents', (documents) =>
      documents
        .filter((one) => one.defaultVersion !== one.latestVersion)
        .map((one) => `${one.verb}: default ${one.defaultVersion}, latest ${one.latestVersion}`),
    ),
  },
  {
    id: 'machines',
    assumption: 'the state machines are there, and of the kind whose executions may sleep for days',
    expected: `${MACHINES.length} machines, ACTIVE, STANDARD`,
    rests: 'every flow; Express executions end after five minutes',
    judge: on('machines', ({ all }, stage) => [
      ...MACHINES.filter((name) => !all.some((one) => one.name === `skep-${stage}-${name}`)).map(
        (name) => `no ${name}`,
      ),
      ...all.filter(({ status }) => status !== 'ACTIVE').map(({ name, status }) => `${name} ${status}`),
      ...all.filter(({ kind }) => kind !== 'STANDARD').map(({ name, kind }) => `${name} ${kind}`),
    ]),
  },
  {
    id: 'partition',
    assumption: 'definitions name integrations of the partition that they run in',
    expected: 'arn:PARTITION:states:::',
    rests: 'every execution in GovCloud and China: "the resource belongs to a different partition"',
    judge: on('machines', ({ partition, all }) =>
      all.flatMap(({ name, definition }) =>
        [...new Set([...definition.matchAll(/arn:(aws[a-z-]*):states:::/g)].map(([, one = '']) => one))]
          .filter((one) => one !== partition)
          .map((one) => `${name}: ${one}, in ${partition}`),
      ),
    ),
  },
  {
    id: 'definitions',
    assumption: "AWS's own validation finds no error in the definitions",
    expected: 'no diagnostics of severity ERROR',
    rests: 'the flows: the local checker and the lab are other programs',
    judge: on('diagnoses', (diagnoses) => diagnoses),
  },
  probe(
    'unknown-command',
    'a command that there is not is named so',
    ['InvocationDoesNotExist'],
    'looks that come before the command is listed: they wait on, and do not fail',
  ),
  probe(
    'unknown-node',
    'a command to an instance without an agent is refused by name',
    ['InvalidInstanceId'],
    'launches: they wait for the agent by this name; leaves: an instance that is gone is told by it',
  ),
  probe(
    'unknown-token',
    'an answer to a token that nobody holds is refused by name',
    ['InvalidToken', 'TaskDoesNotExist', 'TaskTimedOut'],
    'the second of two events about one end: it is dropped by this name, and would be a dead letter otherwise',
  ),
  probe(
    'unknown-execution',
    'an execution that there is not is named so',
    ['ExecutionDoesNotExist'],
    'locks and marks of executions that are forgotten: they are taken over by this name',
  ),
  probe(
    'unknown-instance',
    'an instance that there is not is named so',
    ['InvalidInstanceID.NotFound', 'InvalidInstanceID.Malformed'],
    'nodes whose instance EC2 has forgotten: a tidy removes them by this name',
  ),
  probe(
    'unknown-parameter',
    'a parameter that there is not is named so',
    ['ParameterNotFound'],
    'a stage without a webhook: notices go to the topic alone',
  ),
  probe(
    'unmet-condition',
    'a write whose condition does not hold is refused by name',
    ['ConditionalCheckFailedException'],
    'every claim and every lock',
  ),
  {
    id: 'dead-letters',
    assumption: 'every event found its function or machine',
    expected: '0 dead letters',
    rests: 'events: a pattern, a permission or a role is not what AWS wants',
    judge: on('deadLetters', (count) => unless(count === 0, `${count} dead letter(s)`)),
  },
  {
    id: 'join-tokens',
    assumption: 'nobody but the nodes of a cluster can read its join tokens, an administrator neither',
    expected: 'AccessDeniedException',
    rests: 'who can become a manager, and so root on every node',
    judge: on('joinTokens', (answers) =>
      Object.entries(answers)
        .filter(([, answer]) => !/^AccessDenied/.test(answer))
        .map(([name, answer]) => `${name}: ${answer === 'nothing' ? 'was told' : answer}`),
    ),
  },
  {
    id: 'since-milliseconds',
    assumption: 'commands can be listed since a time with milliseconds',
    expected: 'an answer',
    rests: 'a command whose answer was lost: it is found by this list, and not sent twice',
    judge: on('sinceMilliseconds', (error) => unless(error === 'nothing', error)),
  },
  {
    id: 'no-such-action',
    assumption: 'completing an action that there is not is refused in words that skep knows',
    expected: 'ValidationError: No active Lifecycle Action …',
    rests: 'hooks that ended in the meantime: told by these words from being throttled, and not tried for ever',
    judge: on('noSuchAction', ({ name, message }) =>
      unless(
        (name === 'ValidationError' || name === 'ValidationException') && /no active lifecycle action/i.test(message),
        name === 'nothing' ? 'it was completed' : `${name}: ${message}`,
      ),
    ),
  },
  {
    id: 'hooks',
    assumption: 'each group has both hooks, as skep wants them',
    expected: 'skep-STAGE-launch and -terminate',
    rests: 'the group: instances come and go without a word',
    judge: ofGroups((group, stage) => hookProblems(stage, group.cluster, group).map(({ because }) => because)),
  },
  {
    id: 'retention',
    assumption: 'managers that may not go yet are retained',
    expected: 'TerminateHookAbandon retain',
    rests: 'the quorum: an abandoned manager would be ended all the same',
    judge: ofGroups(({ role, retains }) => (role === 'manager' ? unless(retains, 'managers are not retained') : [])),
  },
  {
    id: 'agents',
    assumption: 'the agent of each instance in service takes commands',
    expected: 'Online',
    rests: 'the instance: it cannot join, drain or confirm',
    judge: ofGroups(({ agents }) =>
      agents.filter(({ ping }) => ping !== 'Online').map((it) => `${it.instance} ${it.ping ?? 'not registered'}`),
    ),
  },
];

export const ASSUMPTION_IDS: readonly string[] = ASSUMPTIONS.map(({ id }) => id);

export function findings(readings: Readings, stage: string): readonly AssumptionFinding[] {
  return ASSUMPTIONS.map(({ judge, id, assumption, expected, rests }) => ({
    ...{ id, assumption, expected: expected.replaceAll('STAGE', stage) },
    ...judge(readings, stage),
    rests,
  }));
}
