// Deletes the stack that the lab was opened with: all of it at once, but for its table. It fails while a policy of the stack is attached.
import type { Clock } from '../../time/clock.ts';
import { failedToDelete } from './removal.ts';
import type { StackRecord, StackResource } from './stack-record.ts';

interface Sources {
  readonly clock: Pick<Clock, 'schedule'>;
  readonly undeploy: () => void;
  /** The roles that a policy is attached to. */
  readonly holders: (logicalId: string) => readonly string[];
}

const SECOND = 1000;
const POLICY = 'AWS::IAM::ManagedPolicy';
const ATTACHED = 'Cannot delete a policy attached to entities. (Service: Iam, Status Code: 409)';

export class GivenRemoval {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  remove(stack: StackRecord): void {
    stack.become('DELETE_IN_PROGRESS', 'User Initiated');
    this.#sources.clock.schedule(SECOND, () => {
      this.#removeAll(stack);
    });
  }

  #removeAll(stack: StackRecord): void {
    const held: StackResource[] = [];
    for (const resource of [...stack.resources.values()]) {
      if (resource.type === POLICY && this.#sources.holders(resource.logicalId).length > 0) {
        held.push(resource);
        stack.note(resource, 'DELETE_FAILED', ATTACHED);
      } else {
        stack.note(resource, resource.type === 'AWS::DynamoDB::Table' ? 'DELETE_SKIPPED' : 'DELETE_COMPLETE');
        stack.resources.delete(resource.logicalId);
      }
    }
    const failed = held.map(({ logicalId }) => logicalId);
    // What could go is gone, also where something could not.
    this.#sources.undeploy();
    stack.become(failed.length === 0 ? 'DELETE_COMPLETE' : 'DELETE_FAILED', failedToDelete(failed));
  }
}
