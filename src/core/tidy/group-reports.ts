// What is wrong with the groups of a cluster and with their hooks: a tidy tells it, and so does whoever looks between two tidies.
import { hookProblems } from '../lifecycle/hooks.ts';
import type { HookProblem } from '../lifecycle/hooks.ts';
import { repairRefused } from './repair-refused.ts';
import type { Report, TidyFacts } from './facts.ts';

type GroupFacts = Pick<TidyFacts, 'stage' | 'cluster' | 'groups' | 'refused'>;

export const problemsOfHooks = ({ stage, cluster, groups }: GroupFacts): HookProblem[] =>
  groups.flatMap((group) => hookProblems(stage, cluster, group));

export const tellHooks = (problems: readonly HookProblem[], cluster: string): Report[] =>
  problems.map(({ group, name, because }) => ({
    name,
    group,
    because: `${because}; skep tidy ${cluster} --repair-hooks makes it anew`,
  }));

export const reportsOfGroups = (facts: GroupFacts): Report[] => [
  ...tellHooks(problemsOfHooks(facts), facts.cluster),
  ...repairRefused(facts).reports,
];
