// How the resources of a stack go: each after those that need it, and some of them stay.
import { Graph } from './graph.ts';
import type { Provisioner } from './provisioner.ts';
import type { StackRecord, StackResource } from './stack-record.ts';

type Kept = (resource: StackResource) => boolean;

/** Of what was made by an operation that failed. */
export const keptWhenMakingFails: Kept = ({ template }) => template.DeletionPolicy === 'Retain';
const keptAtDeletion: Kept = ({ template }) => template.DeletionPolicy !== 'Delete';

export function failedToDelete(failed: readonly string[]): string | undefined {
  return failed.length === 0 ? undefined : `The following resource(s) failed to delete: [${failed.join(', ')}].`;
}

/** Each goes after those that need it. */
export function removeAll(
  stack: StackRecord,
  resources: readonly StackResource[],
  provisioner: Provisioner,
  { kept, retained = new Set() }: { readonly kept?: Kept; readonly retained?: ReadonlySet<string> },
  ended: (failed: readonly string[]) => void,
): void {
  const works = resources.map((resource) => {
    const dependents = resources.filter(({ after }) => after.has(resource.logicalId));
    // One that was replaced goes by the policy for that.
    const isCurrent = stack.resources.get(resource.logicalId) === resource;
    const isKept =
      kept?.(resource) ?? (isCurrent ? keptAtDeletion(resource) : resource.template.UpdateReplacePolicy !== 'Delete');
    return {
      id: resource.logicalId,
      after: new Set(dependents.map(({ logicalId }) => logicalId).filter((id) => id !== resource.logicalId)),
      start: (end: (ok: boolean) => void) =>
        remove(stack, resource, provisioner, isKept || retained.has(resource.logicalId), end),
    };
  });
  const graph = new Graph(works, { stopsAtFailure: false, ended });
  stack.abort = () => {
    graph.abort();
  };
}

function remove(
  stack: StackRecord,
  resource: StackResource,
  provisioner: Provisioner,
  isKept: boolean,
  end: (ok: boolean) => void,
): () => void {
  const { record, logicalId } = resource;
  const forget = (): void => {
    if (stack.resources.get(logicalId) === resource) stack.resources.delete(logicalId);
  };
  if (record === undefined || isKept) {
    if (record !== undefined) {
      record.stackId = undefined;
      stack.note(resource, 'DELETE_SKIPPED');
    }
    forget();
    end(true);
    return () => undefined;
  }
  stack.note(resource, 'DELETE_IN_PROGRESS');
  return provisioner.remove(record, logicalId, {
    done: () => {
      stack.note(resource, 'DELETE_COMPLETE');
      forget();
      end(true);
    },
    failed: (reason) => {
      stack.note(resource, 'DELETE_FAILED', reason);
      end(false);
    },
  });
}

export function deleteStack(stack: StackRecord, provisioner: Provisioner, retained: ReadonlySet<string>): void {
  stack.abort();
  stack.become('DELETE_IN_PROGRESS', 'User Initiated');
  removeAll(stack, [...stack.resources.values()], provisioner, { retained }, (failed) => {
    stack.become(failed.length === 0 ? 'DELETE_COMPLETE' : 'DELETE_FAILED', failedToDelete(failed));
  });
}
