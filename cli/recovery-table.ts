// What was found of a cluster's managers, for a person who must decide.
import type { Answer, Candidate } from '../src/core/managers/recovery.ts';
import { columns } from './columns.ts';

const HEAD = ['instance', 'EC2', 'docker', 'says of itself', 'raft written', 'epoch'];

export function recoveryTable({
  candidates,
  answers,
}: {
  readonly candidates: readonly Candidate[];
  readonly answers: readonly Answer[];
}): string {
  const rows = candidates.map(({ instance, state }) => [
    instance,
    state,
    ...row(answers.find((it) => it.instance === instance)),
  ]);
  return columns(HEAD, rows);
}

function row(one: Answer | undefined): string[] {
  const told = one?.told;
  if (told === undefined) {
    return ['', one === undefined ? '' : `no answer (${one.error ?? 'unknown'})`, '', ''];
  }
  const { runs, raftTime, epoch } = told;
  const written = raftTime === 0 ? '' : new Date(raftTime * 1000).toISOString();
  return [runs ? 'runs' : 'does not run', says(told), written, epoch];
}

function says({ manager, leader, members, state, runs }: NonNullable<Answer['told']>): string {
  if (!runs) {
    return '';
  }
  if (leader) {
    return `a manager with a leader, of ${members}`;
  }
  return manager ? 'a manager without a leader' : state === 'active' ? 'a worker' : 'no member';
}
