// Shows each service to a person: the tasks that a manager sees, and whether they are those that are wanted.
import type { ServiceFacts } from '../src/core/services/facts.ts';

export interface ServiceShown {
  readonly service: string;
  readonly mode: string;
  readonly running: number;
  /** Null for what has no number of its own: global services, and what cannot be read. */
  readonly wanted: number | null;
  /** How many nodes have tasks of it. */
  readonly nodes: number;
  readonly update: string;
  readonly image: string;
  readonly ok: boolean;
  readonly why: string;
}

export function servicesShown(
  services: readonly ServiceFacts[],
  unreadable: readonly { readonly id: string; readonly name: string }[],
): ServiceShown[] {
  return [
    ...services.map(shown),
    ...unreadable.map(({ name }) => ({
      ...{ service: name, mode: '-', running: 0, wanted: null, nodes: 0, update: '', image: '-' },
      ...{ ok: false, why: 'what the manager tells of it cannot be read' },
    })),
  ].toSorted((a, b) => a.service.localeCompare(b.service));
}

function shown(facts: ServiceFacts): ServiceShown {
  const { name, mode, replicas, update, image, tasks } = facts;
  const counts = [...tasks.values()];
  const running = counts.reduce((sum, one) => sum + one.running, 0);
  const why = problemOf(facts, running);
  return {
    ...{ service: name, mode, running, update, image: image.replace(/@sha256:[0-9a-f]{64}$/, '') },
    wanted: mode === 'replicated' ? replicas : null,
    nodes: tasks.size,
    ok: why === undefined,
    why: why ?? 'as it should be',
  };
}

function problemOf({ mode, replicas, update, unassigned, tasks }: ServiceFacts, running: number): string | undefined {
  if (update === 'paused' || update === 'rollback_paused') {
    return `its update is ${update}: docker service inspect says why`;
  }
  const others = [...tasks.values()].reduce((sum, one) => sum + one.others, 0);
  const isShort = mode === 'replicated' ? running < replicas : others > 0;
  if (mode.endsWith('job') || (!isShort && unassigned === 0)) {
    return undefined;
  }
  const all = mode === 'replicated' ? `${running} of ${replicas}` : String(running);
  return [`${all} run`, ...whereabouts(others, unassigned)].join(', ');
}

const whereabouts = (others: number, unassigned: number): string[] => [
  ...(others > 0 ? [`${others} on their way`] : []),
  ...(unassigned > 0 ? [`${unassigned} for which there is no node: look at its constraints and reservations`] : []),
];
