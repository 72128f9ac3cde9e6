// What is to be done so that a cluster is as its file says: from the file and the stacks that there are to an ordered list of steps.
import { partOf } from './stacks.ts';
import type { ParameterWish, Part, StackWish } from './stacks.ts';

/** A stack as CloudFormation tells of it. */
export interface StackFacts {
  readonly name: string;
  readonly status: string;
  readonly because: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

export type StackStep =
  /** It is not there. `clears` is one that was never finished and holds nothing: it must go first. */
  | { readonly do: 'create'; readonly wish: StackWish; readonly clears: StackFacts | undefined }
  /** Only a change set tells whether anything would change. */
  | { readonly do: 'compare'; readonly wish: StackWish; readonly stack: StackFacts }
  /** Somebody is at work on it. */
  | { readonly do: 'wait'; readonly wish: StackWish; readonly stack: StackFacts }
  /** The file has this group no more. */
  | { readonly do: 'remove'; readonly stack: StackFacts; readonly group: string }
  /** CloudFormation itself takes no change to it. */
  | { readonly do: 'stuck'; readonly stack: StackFacts; readonly advice: string }
  /** The swarm may be founded. */
  | { readonly do: 'declare' };

/** In this order: nothing is founded before the cluster is declared, and new groups are there before old ones go. */
export function planSteps(
  { stage, cluster }: { readonly stage: string; readonly cluster: string },
  wishes: readonly StackWish[],
  stacks: readonly StackFacts[],
  isDeclared: boolean,
): StackStep[] {
  const steps = wishes.map((wish) =>
    stepFor(
      wish,
      stacks.find(({ name }) => name === wish.name),
    ),
  );
  const shared = steps.filter((_step, index) => wishes[index]?.group === undefined);
  const groups = steps.filter((_step, index) => wishes[index]?.group !== undefined);
  const gone = stacks.flatMap((stack): StackStep[] => {
    const part = partOf(stage, cluster, stack.name);
    return part?.template !== 'group' || wishes.some(({ name }) => name === stack.name)
      ? []
      : [{ do: 'remove', stack, group: part.group }];
  });
  return [...shared, ...(isDeclared ? [] : [{ do: 'declare' } as const]), ...groups, ...gone];
}

function stepFor(wish: StackWish, stack: StackFacts | undefined): StackStep {
  if (stack === undefined) {
    return { do: 'create', wish, clears: undefined };
  }
  switch (kindOf(stack.status)) {
    case 'settled':
      return { do: 'compare', wish, stack };
    case 'unmade':
      return { do: 'create', wish, clears: stack };
    case 'moving':
      return { do: 'wait', wish, stack };
    case 'stuck':
      return { do: 'stuck', stack, advice: adviceFor(stack) };
  }
}

export type StackKind = 'settled' | 'unmade' | 'moving' | 'stuck';

/** What can be done to a stack in this status. A status that nobody knows is not touched. */
export function kindOf(status: string): StackKind {
  if (['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'IMPORT_COMPLETE'].includes(status)) {
    return 'settled';
  }
  if (['ROLLBACK_COMPLETE', 'REVIEW_IN_PROGRESS'].includes(status)) {
    return 'unmade';
  }
  return status.endsWith('_IN_PROGRESS') ? 'moving' : 'stuck';
}

function adviceFor({ name, status }: StackFacts): string {
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return `aws cloudformation continue-update-rollback --stack-name ${name}`;
  }
  return `look at its events: aws cloudformation describe-stack-events --stack-name ${name}`;
}

/** Its parameters, or the stack whose outputs are not there yet. */
export function parametersOf(
  { parameters }: StackWish,
  stacks: readonly StackFacts[],
): { readonly values: Readonly<Record<string, string>> } | { readonly waitsFor: string } {
  const values: Record<string, string> = {};
  for (const [key, wish] of Object.entries(parameters)) {
    const value = valueOf(wish, stacks);
    if (typeof value !== 'string') {
      return value;
    }
    values[key] = value;
  }
  return { values };
}

function valueOf(wish: ParameterWish, stacks: readonly StackFacts[]): string | { waitsFor: string } {
  if (typeof wish === 'string') {
    return wish;
  }
  const stack = stacks.find(({ name, status }) => name === wish.stack && kindOf(status) === 'settled');
  return stack?.outputs[wish.output] ?? { waitsFor: wish.stack };
}

/** How the parameters of a stack would change. A long text is shortened: a script, say. */
export function parameterWords(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const short = (text: string | undefined): string => {
    const line = JSON.stringify(text ?? '');
    return line.length > 60 ? `${line.slice(0, 57)}..."` : line;
  };
  return Object.entries(after)
    .filter(([key, value]) => (before[key] ?? '') !== value)
    .map(([key, value]) => `${key}: ${short(before[key])} becomes ${short(value)}`);
}

/** A change to one resource, as a change set tells of it. */
export interface ResourceChange {
  readonly action: string;
  readonly logicalId: string;
  readonly type: string;
  /** `True`, `False` or `Conditional`. */
  readonly replacement: string | undefined;
  readonly attributes: readonly string[];
}

const VERBS: Readonly<Record<string, string>> = { Add: 'make', Modify: 'change', Remove: 'remove', Import: 'import' };

export function changeWords({ action, logicalId, type, replacement, attributes }: ResourceChange): string {
  const what = `${logicalId} (${type.replace(/^AWS::/, '')})`;
  const which = attributes.length === 0 ? '' : `: ${attributes.join(', ')}`;
  if (action === 'Modify' && replacement === 'True') {
    return `REPLACE ${what}${which}`;
  }
  const perhaps = action === 'Modify' && replacement === 'Conditional' ? ', and may REPLACE it' : '';
  return `${VERBS[action] ?? action} ${what}${which}${perhaps}`;
}

/** What the changes mean for the nodes. */
export function notesOn(changes: readonly ResourceChange[]): string[] {
  const changed = (type: string): boolean =>
    changes.some((change) => change.action === 'Modify' && change.type === `AWS::${type}`);
  return changed('EC2::LaunchTemplate') ? ['no node is touched: what is launched from now on is as the file says'] : [];
}

/** The order in which a cluster goes: workers while managers can drain them, and what others use last. */
export function goingOrder(
  place: { readonly stage: string; readonly cluster: string },
  stacks: readonly StackFacts[],
): { readonly workers: StackFacts[]; readonly managers: StackFacts[]; readonly shared: StackFacts[] } {
  const parts = stacks.flatMap((stack): { stack: StackFacts; part: Part }[] => {
    const part = partOf(place.stage, place.cluster, stack.name);
    return part === undefined ? [] : [{ stack, part }];
  });
  const groups = parts.filter(({ part }) => part.template === 'group').map(({ stack }) => stack);
  const shared = ['cluster', 'network'].flatMap((template) =>
    parts.filter(({ part }) => part.template === template).map(({ stack }) => stack),
  );
  return {
    workers: groups.filter(({ parameters }) => parameters['Role'] !== 'manager'),
    managers: groups.filter(({ parameters }) => parameters['Role'] === 'manager'),
    shared,
  };
}

/** Stacks of others that are in the network of this cluster: it cannot go before they do. */
export function neighboursOf(
  place: { readonly stage: string; readonly cluster: string },
  stacks: readonly StackFacts[],
): string[] {
  const own = (stack: StackFacts): Part | undefined => partOf(place.stage, place.cluster, stack.name);
  const vpc = stacks.find((stack) => own(stack)?.template === 'network')?.outputs['VpcId'];
  return vpc === undefined
    ? []
    : stacks
        .filter((stack) => own(stack) === undefined && Object.values(stack.parameters).includes(vpc))
        .map(({ name }) => name);
}
