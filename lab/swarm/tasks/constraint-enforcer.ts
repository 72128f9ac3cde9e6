// SwarmKit's constraint enforcer: on any update of an active node it rejects the tasks that do not fit there, at once.
//
// Paused and drained nodes are left alone. That is why a hand-over by constraint has to pause the node first.
import { meets } from './constraint.ts';
import { isOver, isWanted } from './task.ts';
import type { TaskNode } from './task-node.ts';
import type { TaskStore } from './task-store.ts';

export function enforceConstraints(store: TaskStore, node: TaskNode): void {
  if (node.availability !== 'active') {
    return;
  }
  for (const task of store.on(node.nodeId)) {
    // By what the service asks for now: a task may have stayed through a change of constraints.
    const { constraints } = task.service.current.spec.task.placement;
    if (isWanted(task) && !isOver(task) && !meets(constraints, node)) {
      store.setState(task, 'rejected', 'assigned node no longer meets constraints');
    }
  }
}
