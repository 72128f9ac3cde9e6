// Where an instance of a cluster stands: what Auto Scaling, EC2 and the table say of it, side by side, and what that means.
import type { NodePhase, NodeRole } from '../names.ts';

interface GroupMember {
  readonly instance: string;
  readonly lifecycle: string;
  readonly zone: string;
}

export interface StandingFacts {
  readonly groups: readonly {
    readonly name: string;
    readonly role: string | undefined;
    readonly instances: readonly GroupMember[];
    /** Of its warm pool, those that were asked for. */
    readonly warm?: readonly GroupMember[];
  }[];
  /** As the table has them. */
  readonly known: readonly {
    readonly instance: string;
    readonly group: string;
    readonly role: NodeRole;
    readonly phase: NodePhase;
    readonly nodeId?: string | undefined;
    readonly ownerArn: string;
    /** Epoch seconds. */
    readonly leaseUntil: number;
    readonly foreignSwarm?: { readonly because: string } | undefined;
  }[];
  /** EC2's states; an instance that it does not show is missing. */
  readonly states: ReadonlyMap<string, string>;
  /** Epoch seconds. */
  readonly now: number;
}

export interface Standing {
  readonly instance: string;
  readonly group: string;
  readonly zone: string;
  readonly role: string;
  /** Auto Scaling's, or `-` where it is in no group. */
  readonly lifecycle: string;
  /** EC2's. */
  readonly state: string;
  readonly nodeId: string | null;
  readonly phase: NodePhase | 'unknown';
  /** Whether the sources agree, and nothing has to be waited for. */
  readonly settled: boolean;
  readonly why: string;
}

type KnownInstance = StandingFacts['known'][number];

/** One for each instance that a group has or the table knows as not gone, by group and then by id. */
export function standings({ groups, known, states, now }: StandingFacts): Standing[] {
  const byInstance = new Map(known.map((one) => [one.instance, one]));
  const ofGroups = groups.flatMap(({ name, role, instances, warm = [] }) =>
    [...instances, ...warm].map(({ instance, lifecycle, zone }) => {
      const node = byInstance.get(instance);
      return standing({ instance, group: name, role: node?.role ?? role ?? '-', zone, lifecycle }, node, states, now);
    }),
  );
  const shown = new Set(ofGroups.map(({ instance }) => instance));
  const ofNobody = known
    .filter(({ instance, phase }) => !shown.has(instance) && phase !== 'gone')
    .map((node) => {
      const { instance, group, role } = node;
      return standing({ instance, group, role, zone: '-', lifecycle: '-' }, node, states, now);
    });
  return [...ofGroups, ...ofNobody].toSorted(
    (a, b) => a.group.localeCompare(b.group) || a.instance.localeCompare(b.instance),
  );
}

function standing(
  shown: Pick<Standing, 'instance' | 'group' | 'role' | 'zone' | 'lifecycle'>,
  node: KnownInstance | undefined,
  states: ReadonlyMap<string, string>,
  now: number,
): Standing {
  const state = states.get(shown.instance) ?? 'unknown';
  const { settled, why } = meaning(shown.lifecycle, state, node, now);
  return { ...shown, state, nodeId: node?.nodeId ?? null, phase: node?.phase ?? 'unknown', settled, why };
}

type Meaning = Pick<Standing, 'settled' | 'why'>;

const waits = (why: string): Meaning => ({ settled: false, why });

function meaning(lifecycle: string, state: string, node: KnownInstance | undefined, now: number): Meaning {
  if (node?.foreignSwarm !== undefined) {
    return waits(`its engine is in another swarm, and skep leaves it alone: ${node.foreignSwarm.because}`);
  }
  if (lifecycle === '-') {
    return waits(
      GONE.has(state)
        ? 'its instance is gone, and the next tidy removes its node'
        : 'in no group any more: the next tidy says what becomes of its node',
    );
  }
  if (node === undefined || node.phase === 'gone') {
    return unknownNode(lifecycle);
  }
  return ofPhase(lifecycle, state, node, now);
}

const IN_POOL: ReadonlySet<string> = new Set(['Warmed:Stopped', 'Warmed:Running', 'Warmed:Hibernated']);
const GONE: ReadonlySet<string> = new Set(['shutting-down', 'terminated']);

function unknownNode(lifecycle: string): Meaning {
  if (lifecycle === 'Pending:Wait') {
    return waits('its launch hook is open, and no execution has claimed it: has its event come, is a hold on?');
  }
  if (IN_POOL.has(lifecycle)) {
    return { settled: true, why: 'in the warm pool of its group: it joins when it comes out' };
  }
  return lifecycle === 'InService'
    ? waits('in service, and skep knows no node of it: the next tidy joins it')
    : waits(`${lifecycle}, and skep knows no node of it`);
}

function ofPhase(lifecycle: string, state: string, node: KnownInstance, now: number): Meaning {
  const at = node.leaseUntil > now ? `, by ${node.ownerArn}` : ', and no execution is at work on it';
  switch (node.phase) {
    case 'launching':
    case 'joining':
    case 'joined':
      return waits(`on its way into the swarm (${node.phase})${at}`);
    case 'leaving':
      return waits(`on its way out of the swarm${at}`);
    case 'gone':
      return unknownNode(lifecycle);
    case 'ready':
      return ofReady(lifecycle, state);
  }
}

function ofReady(lifecycle: string, state: string): Meaning {
  if (GONE.has(state)) {
    return waits(`its instance is ${state}, and its node is still in the swarm`);
  }
  if (lifecycle.startsWith('Warmed:')) {
    return waits(`${lifecycle}, and its node is still in the swarm: the next tidy has it leave`);
  }
  if (lifecycle.startsWith('Terminating')) {
    return waits('its group ends it, and no execution has begun to drain it');
  }
  return state === 'running' || state === 'unknown'
    ? { settled: true, why: 'as it should be' }
    : waits(`its instance is ${state}`);
}
