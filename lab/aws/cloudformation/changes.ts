// What a change set would do to each resource, told before it is done.
import { references } from '../stack/intrinsics.ts';
import type { Json, JsonObject } from '../stack/stack.ts';
import type { PropertyChange, ResourceChange } from './change-set.ts';
import { changedProperties } from './comparison.ts';
import { replacementBy } from './schemas.ts';
import type { StackRecord, StackResource } from './stack-record.ts';
import type { Blueprint, Made, Planned } from './template.ts';

/** What stands for a value that is not known yet. */
const UNKNOWN = /\{\{unknown:(ref|attribute):([^}]*)\}\}/;
const unknown = (what: 'ref' | 'attribute', logicalId: string): string => `{{unknown:${what}:${logicalId}}}`;

/** @throws {AwsError} for what the template imports and is not there, and the like */
export function changesOf(stack: StackRecord, blueprint: Blueprint): readonly ResourceChange[] {
  const { planned } = blueprint;
  const changes: ResourceChange[] = [];
  const known = stack.made(({ id }) => id);
  const made = (logicalId: string): Made | undefined => {
    const change = changes.find((one) => one.logicalId === logicalId);
    const there = known(logicalId);
    const isNew = there === undefined || (change?.replacement ?? 'False') !== 'False';
    return {
      ref: isNew ? unknown('ref', logicalId) : there.ref,
      // A resource that changes may have other attributes afterwards: the number of a launch template's version.
      attribute: (name) => (isNew || change !== undefined ? unknown('attribute', logicalId) : there.attribute(name)),
    };
  };
  for (const one of planned) {
    const there = stack.resources.get(one.logicalId);
    const change =
      there?.record === undefined
        ? added(one, blueprint, made)
        : modified(one, there, there.record.properties, { blueprint, stack, made });
    if (change !== undefined) changes.push(change);
  }
  const wanted = new Set(planned.map(({ logicalId }) => logicalId));
  const removed = [...stack.resources.values()].filter(({ logicalId }) => !wanted.has(logicalId));
  return [...changes, ...removed.map(removal)];
}

const removal = ({ logicalId, type, record }: StackResource): ResourceChange => ({
  action: 'Remove',
  logicalId,
  physicalId: record?.id,
  type,
  replacement: undefined,
  details: [],
});

function added(planned: Planned, blueprint: Blueprint, made: (id: string) => Made | undefined): ResourceChange {
  // What it imports must be there already now.
  blueprint.properties(planned, made);
  const { logicalId, resource } = planned;
  return {
    action: 'Add',
    logicalId,
    physicalId: undefined,
    type: resource.Type,
    replacement: undefined,
    details: [],
  };
}

interface Around {
  readonly blueprint: Blueprint;
  readonly stack: StackRecord;
  readonly made: (id: string) => Made | undefined;
}

function modified(
  planned: Planned,
  there: StackResource,
  before: JsonObject,
  { blueprint, stack, made }: Around,
): ResourceChange | undefined {
  const { logicalId, resource } = planned;
  const after = blueprint.properties(planned, made);
  const isOther = there.type !== resource.Type;
  const changed = changedProperties(before, after);
  if (changed.length === 0 && !isOther) {
    return undefined;
  }
  const details = changed.map((name) => propertyChange(name, { planned, there, stack, blueprint }, after[name]));
  return {
    action: 'Modify',
    logicalId,
    physicalId: there.record?.id,
    type: resource.Type,
    replacement: isOther ? 'True' : replacementBySum(details),
    details,
  };
}

/** Whether it is replaced is not known, where a value is not that would replace it. */
function replacementBySum(details: readonly PropertyChange[]): 'True' | 'False' | 'Conditional' {
  if (details.some(({ recreation, dynamic }) => recreation === 'always' && !dynamic)) {
    return 'True';
  }
  return details.some(({ recreation }) => recreation !== 'never') ? 'Conditional' : 'False';
}

function propertyChange(
  name: string,
  {
    planned,
    there,
    stack,
    blueprint,
  }: Pick<Around, 'stack' | 'blueprint'> & { planned: Planned; there: StackResource },
  after: Json | undefined,
): PropertyChange {
  const recreation = replacementBy(there.type, name);
  const [, kind, cause] = UNKNOWN.exec(JSON.stringify(after ?? null)) ?? [];
  if (kind !== undefined) {
    const source = kind === 'ref' ? 'ResourceReference' : 'ResourceAttribute';
    return { name, recreation, dynamic: true, source, cause };
  }
  const written = planned.resource.Properties[name] ?? null;
  const sameText = JSON.stringify(written) === JSON.stringify(there.template.Properties[name] ?? null);
  const parameter = [...references(written, planned.logicalId)].find(
    (one) => blueprint.parameters.has(one) && blueprint.parameters.get(one) !== stack.blueprint?.parameters.get(one),
  );
  return sameText && parameter !== undefined
    ? { name, recreation, dynamic: false, source: 'ParameterReference', cause: parameter }
    : { name, recreation, dynamic: false, source: 'DirectModification', cause: undefined };
}
