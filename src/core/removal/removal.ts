// How a stage is taken away without leaving anything that holds instances: what is in the way, and the order of what is done.

export interface ServiceStackFacts {
  /** Of the stack; undefined where there is none. */
  readonly status: string | undefined;
  /** Stacks that import the policies of nodes. */
  readonly importers: readonly string[];
  /** Hooks of the stage on groups. */
  readonly hooks: readonly { readonly group: string; readonly hook: string }[];
  /** What runs, by the name of its machine. */
  readonly executions: readonly { readonly arn: string; readonly machine: string }[];
  /** Roles that have a policy of the stack. */
  readonly attached: readonly { readonly role: string; readonly policy: string }[];
}

export type RemovalStep =
  | { readonly kind: 'hook'; readonly group: string; readonly hook: string }
  | { readonly kind: 'stop'; readonly arn: string }
  | { readonly kind: 'detach'; readonly role: string; readonly policy: string }
  | { readonly kind: 'stack' };

export interface Removal {
  /** What a person has to do first. */
  readonly stops: readonly string[];
  readonly steps: readonly RemovalStep[];
}

/** What they do holds instances, or a swarm that is half changed. */
const AT_WORK = /-(scale-out|scale-in|recover|rebalance)$/;

/** @param endExecutions a person's word that what is at work may be ended */
export function planRemoval(facts: ServiceStackFacts, endExecutions: boolean): Removal {
  const { status, importers, hooks, executions, attached } = facts;
  const working = executions.filter(({ machine }) => AT_WORK.test(machine));
  const stops = [
    ...(importers.length === 0
      ? []
      : [
          `these stacks import its node policies: ${importers.join(', ')}. Take their groups away first (skep cluster down)`,
        ]),
    ...(working.length === 0 || endExecutions
      ? []
      : [
          `${working.length} execution(s) are at work on instances (${[...new Set(working.map(({ machine }) => machine))].join(', ')}): wait` +
            ' for their end, or say --end-executions: instances that wait in a hook then go on without skep',
        ]),
    ...(status?.endsWith('_IN_PROGRESS') === true ? [`the stack is ${status}: wait for its end`] : []),
  ];
  return {
    stops,
    steps: [
      // Hooks first: from then on no event comes, and nothing new begins.
      ...hooks.map((one) => ({ kind: 'hook', ...one }) as const),
      ...executions.map(({ arn }) => ({ kind: 'stop', arn }) as const),
      ...attached.map((one) => ({ kind: 'detach', ...one }) as const),
      ...(status === undefined ? [] : [{ kind: 'stack' } as const]),
    ],
  };
}

export function removalText(step: RemovalStep, stage: string): string {
  switch (step.kind) {
    case 'hook':
      return `take the hook ${step.hook} off the group ${step.group}: its instances come and go without skep`;
    case 'stop':
      return `stop ${step.arn.split(':').slice(-2).join(' ')}`;
    case 'detach':
      return `take the policy ${step.policy.split('/').at(-1) ?? ''} from the role ${step.role}`;
    case 'stack':
      return `delete the stack skep-${stage}. The table stays`;
  }
}
