// What `skep doctor` makes of what it has read: each check, whether it holds, and what a person does where it does not.
import { hookProblems } from '../src/core/lifecycle/hooks.ts';
import { MACHINES } from '../src/core/names.ts';
import type { TidyGroup } from '../src/core/tidy/facts.ts';
import { TIDY_EVERY } from '../src/core/tidy/schedule.ts';

type OrProblem<T> = { readonly value: T } | { readonly problem: string };

export interface DoctorFacts {
  readonly stage: string;
  /** Named by the person. */
  readonly only: string | undefined;
  /** Names of all state machines of the account here. */
  readonly machines: OrProblem<readonly string[]>;
  readonly clusters: OrProblem<readonly string[]>;
  readonly details: readonly ClusterFacts[];
  readonly now: number;
}

export interface ClusterFacts {
  readonly cluster: string;
  readonly state: OrProblem<'new' | 'founded' | undefined>;
  readonly level: string | undefined;
  /** On record. */
  readonly managers: number;
  readonly groups: OrProblem<readonly TidyGroup[]>;
  /** By instance. */
  readonly agents: OrProblem<ReadonlyMap<string, string>>;
}

export interface Check {
  readonly ok: boolean;
  readonly what: string;
  readonly next?: string;
}

const good = (what: string): Check => ({ ok: true, what });
const bad = (what: string, next: string): Check => ({ ok: false, what, next });
const ASK = 'mend that, and run skep doctor again';

export function examined(facts: DoctorFacts): Check[] {
  return [...ofMachines(facts), ...ofClusters(facts), ...facts.details.flatMap((one) => ofCluster(one, facts.stage))];
}

function ofMachines({ machines, stage }: DoctorFacts): Check[] {
  if ('problem' in machines) {
    return [bad(`the state machines cannot be listed: ${machines.problem}`, ASK)];
  }
  const missing = MACHINES.map((name) => `skep-${stage}-${name}`).filter((name) => !machines.value.includes(name));
  return [
    missing.length === 0
      ? good(`stage ${stage} is deployed: all ${MACHINES.length} state machines are there`)
      : bad(
          `not there: ${missing.join(', ')}`,
          `deploy stage ${stage} in this account and region (docs/getting-started.md)`,
        ),
  ];
}

function ofClusters({ clusters, only, stage }: DoctorFacts): Check[] {
  if ('problem' in clusters) {
    return [bad(`the table skep-${stage} cannot be read: ${clusters.problem}`, ASK)];
  }
  const names = clusters.value;
  if (only !== undefined && !names.includes(only)) {
    return [bad(`nobody has declared ${only}: there are ${names.join(', ') || 'none'}`, `skep create ${only}`)];
  }
  return [
    names.length === 0
      ? bad('no cluster is declared', 'skep create CLUSTER')
      : good(`declared: ${(only === undefined ? names : [only]).join(', ')}`),
  ];
}

function ofCluster(one: ClusterFacts, stage: string): Check[] {
  const { cluster } = one;
  const named = (check: Check): Check => ({ ...check, what: `${cluster}: ${check.what}` });
  return [...ofState(one), ...ofGroups(one, stage), ...ofAgents(one)].map(named);
}

function ofState({ state, managers, level }: ClusterFacts): Check[] {
  if ('problem' in state) {
    return [bad(`its items cannot be read: ${state.problem}`, ASK)];
  }
  if (state.value !== 'founded') {
    return [
      bad(
        'it has no swarm yet',
        'scale its manager group to 1: the first manager founds the swarm. `skep why INSTANCE` says what it waits for',
      ),
    ];
  }
  return [
    managers === 0
      ? bad('the swarm is founded, and no manager is on record', 'the next tidy looks for them: skep tidy')
      : good(`the swarm is founded, with ${managers} manager(s) on record`),
    level === undefined
      ? bad('no tidy has looked at it yet', `wait for ${TIDY_EVERY / 60} minutes, or run skep tidy`)
      : level === 'healthy'
        ? good('the last tidy found it healthy')
        : bad(`the last tidy found it ${level}`, 'skep status says why'),
  ];
}

function ofGroups({ groups, cluster }: ClusterFacts, stage: string): Check[] {
  if ('problem' in groups) {
    return [bad(`its groups cannot be read: ${groups.problem}`, ASK)];
  }
  const managers = groups.value.filter(({ role }) => role === 'manager');
  const wanted = managers.reduce((sum, { desired }) => sum + desired, 0);
  const problems = groups.value.flatMap((group) =>
    hookProblems(stage, cluster, group).map(({ because }) =>
      bad(`group ${group.name}: ${because}`, `skep tidy ${cluster} --repair-hooks makes it anew`),
    ),
  );
  return [
    managers.length === 0
      ? bad(
          'no group with hooks of this stage is tagged as its managers',
          'tag one with skep:cluster and skep:role=manager, and give it the hooks of skep (docs/getting-started.md)',
        )
      : good(`${groups.value.length} group(s): ${groups.value.map(({ name }) => name).join(', ')}`),
    ...problems,
    ...(wanted > 0 && wanted % 2 === 0
      ? [
          bad(
            `${wanted} managers are wanted: an even number survives no more losses than one less`,
            'make it 1, 3 or 5',
          ),
        ]
      : []),
  ];
}

function ofAgents({ agents }: ClusterFacts): Check[] {
  if ('problem' in agents) {
    return [bad(`the agents cannot be asked after: ${agents.problem}`, ASK)];
  }
  const { size } = agents.value;
  const away = [...agents.value].filter(([, agent]) => agent !== 'online');
  if (away.length > 0) {
    const names = away.slice(0, 5).map((one) => one.join(' '));
    const more = away.length > names.length ? ` and ${away.length - names.length} more` : '';
    return [
      bad(
        `${away.length} of ${size} SSM agents do not answer: ${names.join(', ')}${more}`,
        'look for the agent in the image, for AmazonSSMManagedInstanceCore in the role, and for a way to SSM in the subnet',
      ),
    ];
  }
  return size === 0 ? [] : [good(`all ${size} SSM agents are online`)];
}
