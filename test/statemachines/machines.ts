// The definitions as they are written, for rules that hold of all of them.
import { z } from 'zod';

import { definitionOf, machineNames } from '../../resources/state-machines.ts';

const retrier = z.looseObject({ ErrorEquals: z.array(z.string()).min(1) });
const catcher = retrier.extend({ Next: z.string() });
const choice = z.looseObject({ Next: z.string() });

const state = z.looseObject({
  Type: z.enum(['Task', 'Choice', 'Map', 'Pass', 'Wait', 'Succeed', 'Fail']),
  Resource: z.string().optional(),
  TimeoutSeconds: z.union([z.number(), z.string()]).optional(),
  Arguments: z.unknown().optional(),
  Retry: z.array(retrier).default([]),
  Catch: z.array(catcher).default([]),
  Choices: z.array(choice).default([]),
  Default: z.string().optional(),
  Next: z.string().optional(),
  End: z.boolean().optional(),
  Error: z.string().optional(),
});
export type State = z.infer<typeof state> & { readonly ItemProcessor?: Part };

/** A machine, or what a Map does with each item. */
export interface Part {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const part: z.ZodType<Part> = z.lazy(() =>
  z.looseObject({
    StartAt: z.string(),
    States: z.record(z.string(), state.extend({ ItemProcessor: part.optional() })),
  }),
) as z.ZodType<Part>;

/** The machine and everything inside of it, each as a machine of its own. */
export function partsOf(name: string): Part[] {
  const inside = (one: Part): Part[] => [
    one,
    ...Object.values(one.States).flatMap(({ ItemProcessor: inner }) => (inner === undefined ? [] : inside(inner))),
  ];
  return inside(part.parse(definitionOf(name)));
}

export interface Named extends State {
  readonly machine: string;
  readonly name: string;
}

export const everyState = (): Named[] =>
  machineNames.flatMap((machine) =>
    partsOf(machine).flatMap(({ States }) =>
      Object.entries(States).map(([name, one]) => Object.assign({}, one, { machine, name })),
    ),
  );

/** Where an execution can go from a state. */
export function nextOf({ Next, Catch, Choices, Default }: State): string[] {
  return [
    ...(Next === undefined ? [] : [Next]),
    ...Catch.map((one) => one.Next),
    ...Choices.map((one) => one.Next),
    ...(Default === undefined ? [] : [Default]),
  ];
}

/** CloudFormation's functions as the ARNs that they become. */
export function resolved(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(resolved);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const [[key, inner] = ['', undefined]] = Object.entries(value);
  return key === 'Fn::GetAtt' || key === 'Ref'
    ? `arn:of:${JSON.stringify(inner)}`
    : Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolved(one)]));
}
