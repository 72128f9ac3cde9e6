// Steps and facts of the right form, for tests of what is decided on them.
import type { StepKind } from '../../../src/core/names.ts';
import type { Outcome } from '../../../src/core/steps/rendezvous.ts';
import type { Ask, Facts, Step, Swarm } from '../../../src/core/steps/step.ts';
import { nodeFacts } from '../../../src/core/steps/verbs.ts';
import { FOUNDED, INSTANCE, LEADER, NODE_ID, NOW, TOKEN_KEY, planOf } from './examples.ts';

export const ASK: Ask = {
  node: nodeFacts.parse({ nodeId: NODE_ID, zone: 'eu-west-1a', address: '10.0.1.12:2377' }),
  force: false,
  undo: false,
  last: false,
  offset: 0,
  brief: false,
  mend: { forget: [], restore: [], label: [], labels: 'none' },
  shift: { changes: [], tell: 'nodes' },
  handOver: false,
  finishing: false,
  refused: false,
};

interface Changes extends Partial<Omit<Step, 'verb' | 'ask' | 'key'>> {
  readonly ask?: Partial<Ask>;
  readonly belongsTo?: 'node' | 'execution';
}

/** `Join` of the verb join, and so on. */
export function stepOf(verb: StepKind, { ask = {}, belongsTo = 'node', ...changes }: Changes = {}): Step {
  const step = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
  return {
    verb,
    key: { cluster: 'prod', instance: INSTANCE, belongsTo, owner: 'me', step },
    taskToken: 'token',
    attempt: 0,
    plan: planOf(),
    round: undefined,
    ...changes,
    ask: { ...ASK, ...ask },
  };
}

export const factsOf = (changes: Partial<Facts> = {}): Facts => ({
  now: NOW,
  stage: 'dev',
  tokenKey: TOKEN_KEY,
  ...changes,
});

export const swarm: Swarm = { state: FOUNDED, record: LEADER, defect: '' };
export const unfounded: Swarm = { state: { status: 'new' }, record: null, defect: 'the leader record is missing' };
export const nothing: Swarm = { state: null, record: null, defect: 'the leader record is missing' };
export const lost: Swarm = { state: FOUNDED, record: null, defect: 'the leader record is missing' };
export const LATE = NOW + 1740;
export const hold = { since: NOW, because: 'a look' };
export const noSwarm = (): Step['plan'] => {
  const { v, route, because, cluster, role, instance, group, hook, deadline } = planOf() as Required<Step['plan']>;
  return { v, route, because, cluster, role, instance, group, hook, deadline };
};
export const manager = (): Step['plan'] => planOf({ role: 'manager' });
export const item = (step: string, more: object = {}): NonNullable<Facts['item']> => ({
  owner: 'me',
  step,
  try: 1,
  ...more,
});
export const sent = (step: string, target: string): NonNullable<Facts['item']> =>
  item(step, { commandId: 'one', target, sentAt: NOW - 90 });
export const failed = (error: string, retryable: boolean): Outcome => ({ ok: false, error, cause: 'c', retryable });
export const lying = {
  status: 'Pending',
  statusDetails: '',
  responseCode: -1,
  stdout: '',
  stderr: '',
  endedAt: undefined,
};
export const running = { ...lying, status: 'InProgress' };
export const ended = { ...lying, status: 'Success', responseCode: 0, stdout: '{"ok":1}' };

/** One decision: on which facts, and what it must be like. */
export type Row = readonly [what: string, step: Step, facts: Partial<Facts>, expected: object];
