// Why a lifecycle action is not taken on: what its hook, its group and the table say of it do not agree.
import type { ClosedError } from '../errors.ts';
import type { Action } from './event.ts';

export interface Rejection {
  readonly rejection: ClosedError;
  readonly because: string;
}

/** @param tags of the group, as Auto Scaling shows them */
export function whyRejected(
  action: Pick<Action, 'cluster' | 'role' | 'group'>,
  tags: { readonly cluster?: string | undefined; readonly role?: string | undefined },
  isDeclared: boolean,
): Rejection | undefined {
  const { cluster, role } = tags;
  if (cluster !== action.cluster || role !== action.role) {
    return {
      rejection: 'MetadataMismatch',
      because: `the hook says ${action.cluster}/${action.role}, the tags skep:cluster and skep:role of group ${action.group} say ${cluster ?? 'nothing'}/${role ?? 'nothing'}`,
    };
  }
  // Missing is not new: a lost table must not found a second swarm.
  return isDeclared
    ? undefined
    : {
        rejection: 'ClusterUndeclared',
        because: `cluster ${action.cluster} was never declared: skep create ${action.cluster}`,
      };
}
