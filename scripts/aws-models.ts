// Takes from AWS's own models (Debian's python3-botocore) what the lab speaks, as one small file for the tests: `node scripts/aws-models.ts`.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FIDELITY } from '../lab/aws/fidelity.ts';

export const BOTOCORE = '/usr/lib/python3/dist-packages/botocore/data';
export const AWS_MODELS = fileURLToPath(new URL('../.build/aws-models.json', import.meta.url));

/** A shape as botocore has it; documentation is left out. */
export interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, { readonly shape: string; readonly locationName?: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly union?: boolean;
  readonly exception?: boolean;
  readonly fault?: boolean;
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number };
}

export interface Operation {
  readonly input?: { readonly shape: string };
  readonly output?: { readonly shape: string };
  readonly errors?: readonly { readonly shape: string }[];
}

export interface Model {
  readonly version: string;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** By the lab's name of the service. */
export type Models = Readonly<Record<string, Model>>;

const FOLDERS: Readonly<Record<string, string>> = { states: 'stepfunctions' };

/** What AWS has and Debian's models, which are of December 2022, have not: nothing is compared, and its `aws` command does not know them. */
export const LATER_OPERATIONS: ReadonlySet<string> = new Set([
  'autoscaling.RollbackInstanceRefresh', // February 2023
  'states.ValidateStateMachineDefinition', // April 2024
]);

/** @throws if the models are not where Debian puts them, or lack an operation that the lab answers */
export function makeModels(data = BOTOCORE): Models {
  return Object.fromEntries(
    Object.entries(FIDELITY).map(([service, operations]) => {
      const folder = join(data, FOLDERS[service] ?? service);
      const version = readdirSync(folder).toSorted().at(-1) ?? '';
      const model = JSON.parse(readFileSync(join(folder, version, 'service-2.json'), 'utf8')) as Model;
      const names = Object.keys(operations).filter((name) => !LATER_OPERATIONS.has(`${service}.${name}`));
      return [service, reduced(service, { ...model, version }, names)];
    }),
  );
}

function reduced(service: string, model: Model, names: readonly string[]): Model {
  const unknown = names.filter((name) => !Object.hasOwn(model.operations, name));
  if (unknown.length > 0) {
    throw new Error(`AWS has no ${service}:${unknown.join(', ')}`);
  }
  const operations = Object.fromEntries(
    names.map((name) => {
      const { input, output, errors = [] } = model.operations[name] ?? {};
      return [name, { ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }), errors }];
    }),
  );
  const shapes: Record<string, Shape> = {};
  for (const { input, output, errors } of Object.values(operations)) {
    for (const reference of [input, output, ...errors]) {
      collect(model, reference, shapes);
    }
  }
  return { version: model.version, operations, shapes };
}

function collect(model: Model, reference: { readonly shape: string } | undefined, into: Record<string, Shape>): void {
  const name = reference?.shape ?? '';
  const shape = model.shapes[name];
  if (shape === undefined || Object.hasOwn(into, name)) {
    return;
  }
  Object.assign(into, { [name]: withoutTexts(shape) });
  for (const inner of [...Object.values(shape.members ?? {}), shape.member, shape.key, shape.value]) {
    collect(model, inner, into);
  }
}

function withoutTexts(shape: Shape): Shape {
  return JSON.parse(
    JSON.stringify(shape, (key, value: unknown) =>
      key === 'documentation' && typeof value === 'string' ? undefined : value,
    ),
  ) as Shape;
}

/** The models, made anew from what is installed; undefined where python3-botocore is not. */
export function awsModels(): Models | undefined {
  if (!existsSync(BOTOCORE)) {
    return undefined;
  }
  const models = makeModels();
  mkdirSync(dirname(AWS_MODELS), { recursive: true });
  writeFileSync(AWS_MODELS, JSON.stringify(models));
  return models;
}

if (import.meta.main) {
  const models = awsModels();
  if (models === undefined) {
    throw new Error(`no models in ${BOTOCORE}: apt-get install python3-botocore`);
  }
}
