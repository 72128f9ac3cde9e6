// The updates under way: at most one for each service, and a new spec takes the place of the one before.
import { isPaused, isRollingBack } from './service.ts';
import type { Service } from './service.ts';
import { isDirty } from '../tasks/task.ts';
import type { Task } from '../tasks/task.ts';
import { Update } from './update.ts';
import type { UpdateParts } from './update.ts';

export class Updater {
  readonly #parts: UpdateParts;
  readonly #updates = new Map<Service, Update>();

  constructor(parts: UpdateParts) {
    this.#parts = parts;
    parts.store.onChange((task) => {
      this.#updates.get(task.service)?.taskChanged(task);
    });
  }

  update(service: Service, slots: readonly (readonly Task[])[]): void {
    const present = this.#updates.get(service);
    if (present?.over === false && JSON.stringify(present.target.spec) === JSON.stringify(service.current.spec)) {
      return;
    }
    this.cancel(service);
    // Every other update of a paused service has taken its status away before, and so goes on with what was paused.
    if (isPaused(service)) {
      return;
    }
    const { nodes, outcome } = this.#parts;
    const dirty = slots.filter(
      ([first, ...others]) =>
        first !== undefined && (others.length > 0 || isDirty(first, service, nodes.get(first.nodeId))),
    );
    if (dirty.length > 0) {
      const update = new Update(this.#parts, service, dirty);
      this.#updates.set(service, update);
      update.run();
    } else if (service.updateStatus?.state === 'updating' || isRollingBack(service)) {
      outcome.completed(service);
    }
  }

  cancel(service: Service): void {
    this.#updates.get(service)?.cancel();
    this.#updates.delete(service);
  }

  begin(): void {
    for (const service of [...this.#updates.keys()]) {
      this.cancel(service);
    }
  }
}
