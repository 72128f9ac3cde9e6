// What a deployment changes in a lab that runs: functions, documents and machines, each when CloudFormation comes to it; or all goes.
import type { EventBus } from './aws/events/bus.ts';
import { keyArns } from './aws/iam/iam.ts';
import type { Iam } from './aws/iam/iam.ts';
import type { Lambda } from './aws/lambda.ts';
import { readDocument } from './aws/services/document.ts';
import type { SsmDocument } from './aws/services/document.ts';
import type { ParameterStore } from './aws/services/parameter-store.ts';
import type { RunCommand } from './aws/services/run-command.ts';
import type { States } from './aws/services/states.ts';
import type { Stack } from './aws/stack/stack.ts';

/** What roles may do comes before whatever has a role, as CloudFormation follows its references. The others come in any order. */
export const DEPLOYED = ['roles', 'functions', 'documents', 'machines'] as const;
export type Deployed = (typeof DEPLOYED)[number];

interface Parts {
  stack: Stack;
  /** The release before this one, where the lab knows one: what an update comes from, and goes back to. */
  readonly release?: Stack | undefined;
  readonly lambda: Lambda;
  readonly states: States;
  readonly runCommand: RunCommand;
  readonly bus: EventBus;
  readonly iam: Iam;
  readonly parameterStore: ParameterStore;
}

/**
 * One kind of parts is there as of this stack. What only another release has stays: CloudFormation makes what is new before whatever
 * refers to it, and deletes at the very end what the new template no longer has.
 *
 * @param without a parameter that the documents do not have: those of an older release
 */
export function deployPartOf(lab: Parts, stack: Stack, part: Deployed, without?: string): void {
  const all = [stack, lab.stack, ...(lab.release === undefined ? [] : [lab.release])];
  switch (part) {
    case 'roles':
      lab.iam.deploy([
        {
          ...lab.stack,
          roles: firstOfEach(all.flatMap(({ roles }) => roles)),
          managedPolicies: firstOfEach(all.flatMap(({ managedPolicies }) => managedPolicies)),
        },
      ]);
      return;
    case 'functions':
      lab.lambda.deploy(firstOfEach(all.flatMap(({ functions }) => functions)));
      return;
    case 'machines':
      lab.states.deploy(firstOfEach(all.flatMap(({ stateMachines }) => stateMachines)));
      return;
    case 'documents': {
      const documents = firstOfEach(all.flatMap((one) => one.documents));
      lab.runCommand.deploy(documents.map((one) => lacking(readDocument(one), without)));
    }
  }
}

function firstOfEach<T extends { readonly name: string }>(resources: readonly T[]): readonly T[] {
  const found = new Map<string, T>();
  for (const one of resources) {
    if (!found.has(one.name)) found.set(one.name, one);
  }
  return [...found.values()];
}

function lacking(document: SsmDocument, name: string | undefined): SsmDocument {
  const parameters = Object.entries(document.parameters).filter(([one]) => one !== name);
  return { ...document, parameters: Object.fromEntries(parameters) };
}

/** Its functions, machines, rules, documents, roles and its key are gone. The table is kept. */
export function undeploy(lab: Parts): void {
  lab.bus.deploy(false);
  lab.lambda.deploy([]);
  lab.states.deploy([]);
  lab.runCommand.deploy([]);
  lab.parameterStore.deploy([]);
  lab.iam.deploy([{ ...lab.stack, functions: [], stateMachines: [], roles: [], managedPolicies: [], keys: [] }]);
}

/** A stack that was removed is deployed again: all of it is new, its key too. */
export function deployAgain(lab: Parts, newKeyId: string): void {
  lab.stack = withKey(lab.stack, newKeyId);
  lab.parameterStore.deploy(keyArns(lab.stack.keys));
  for (const part of DEPLOYED) {
    deployPartOf(lab, lab.stack, part);
  }
  lab.bus.deploy(true);
}

/** The id stands in environments, policies and ARNs alike. */
function withKey(stack: Stack, id: string): Stack {
  const text = stack.keys.reduce((rest, key) => rest.replaceAll(key.id, id), JSON.stringify(stack));
  return JSON.parse(text) as Stack;
}
