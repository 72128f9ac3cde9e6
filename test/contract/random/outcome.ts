// What came of a docker command: its exit code, and what kind of error its text tells of. Versions word their errors differently, ids
// and addresses differ in every run; the kind is what somebody who reads it acts upon.
import type { DocumentOutcome } from '../../../lab/nodes/machines.ts';

/** In this order: the first that is found. */
const KINDS: readonly (readonly [kind: string, text: RegExp])[] = [
  ['engine is down', /Cannot connect to the Docker daemon|ECONNREFUSED|ECONNRESET|socket hang up/],
  ['already in a swarm', /already part of a swarm/],
  ['a worker is no manager', /Worker nodes can't be used to view or modify/],
  ['not in a swarm, so no manager', /This node is not a swarm manager\. Use "docker swarm init"/],
  ['manager is being prepared', /Manager is being prepared or has trouble connecting/],
  ['not in a swarm', /This node is not part of a swarm/],
  ['last manager must not leave', /Removing the last manager erases all current state/],
  ['manager must not leave', /attempting to leave the swarm on a node that is participating as a manager/],
  ['node is not down', /is not down and can't be removed/],
  ['node is a manager', /is a cluster manager and is a member of the raft cluster/],
  ['quorum would break', /would result in a loss of quorum/],
  ['last manager must stay', /attempting to demote the last manager/],
  ['no raft member', /can't find manager in raft memberlist/],
  ['no leader', /does not have a leader|raft: no elected cluster leader/],
  ['no such node', /No such node|node \S+ not found/i],
  ['no such service', /No such service|service \S+ not found/i],
  ['name is taken', /name conflicts with an existing object/],
  ['no previous spec', /does not have a previous spec/],
  ['only replicated services scale', /scale can only be used with replicated/],
  ['join timed out', /Timeout was reached before node joined/],
  ['invalid join token', /invalid join token/],
  ['label is not there', /key \S+ doesn't exist in node's labels/],
  ['swarm is no longer', /swarm.*has been (?:left|removed)/],
  ['manager does not start', /can't initialize raft node/],
  ['no answer in time', /context deadline exceeded|DeadlineExceeded/],
  ['hangs', /did not answer|operation was aborted/],
];

/** The kind of a text that tells of an error; a text that no kind fits stands for itself, without ids and addresses. */
export function kindOf(text: string): string {
  const kind = KINDS.find(([, pattern]) => pattern.test(text))?.[0];
  return (
    kind ??
    text
      .trim()
      .replaceAll(/\b[0-9a-z]{25}\b/g, 'ID')
      .replaceAll(/\d+\.\d+\.\d+\.\d+/g, 'IP')
      .slice(0, 200)
  );
}

export function describeOutcome({ exitCode, stdout, stderr }: DocumentOutcome): string {
  if (exitCode === 0) {
    return 'exit 0';
  }
  return exitCode === 124 ? 'hangs' : `exit ${exitCode}: ${kindOf(stderr === '' ? stdout : stderr)}`;
}
