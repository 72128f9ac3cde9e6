// What a template refers to, and does not have; and what it has, and nothing refers to.
import { attributesOf, intrinsic } from './schema-problems.ts';
import { asText, isObject } from './templates.ts';
import type { ClusterTemplate, Json } from './templates.ts';

const PSEUDO = ['AccountId', 'NoValue', 'Partition', 'Region', 'StackName', 'URLSuffix'].map((name) => `AWS::${name}`);

interface Reference {
  readonly from: string;
  readonly to: string;
  readonly attribute: string | undefined;
  /** The conditions that hold wherever this reference is looked up. */
  readonly under: readonly string[];
}

export function referenceProblems(template: ClusterTemplate): string[] {
  const references = [
    ...Object.entries(template.Resources).flatMap(([id, { Condition, Properties, DependsOn }]) => [
      ...referencesIn(Properties, id, under(Condition)),
      ...referencesIn(DependsOn === undefined ? [] : [{ Ref: DependsOn }], id, under(Condition)),
    ]),
    ...Object.entries(template.Outputs).flatMap(([id, { Condition, Value }]) =>
      referencesIn(Value, `Outputs.${id}`, under(Condition)),
    ),
    ...referencesIn(template.Rules, 'Rules', []),
    ...referencesIn(template.Conditions, 'Conditions', []),
  ];
  return [
    ...references.flatMap((reference) => problemOf(template, reference)),
    ...unusedParameters(template, references),
    ...unknownConditions(template),
  ];
}

const under = (condition: string | undefined): readonly string[] => (condition === undefined ? [] : [condition]);

function problemOf(template: ClusterTemplate, { from, to, attribute, under: held }: Reference): string[] {
  if (attribute === undefined && (PSEUDO.includes(to) || Object.hasOwn(template.Parameters, to))) return [];
  const resource = template.Resources[to];
  if (resource === undefined) return [`${from}: refers to ${to}, which does not exist`];
  if (attribute !== undefined && !attributesOf(resource.Type).includes(attribute)) {
    return [`${from}: ${to} has no attribute ${attribute}`];
  }
  // CloudFormation finds this when it deploys: "Unresolved resource dependencies".
  return resource.Condition === undefined || held.includes(resource.Condition)
    ? []
    : [`${from}: refers to ${to}, which is there only if ${resource.Condition}`];
}

/** How each function refers to something; all others do so by what they are given. */
const READERS: Readonly<Record<string, (argument: Json, from: string, held: readonly string[]) => Reference[]>> = {
  Ref: (argument, from, held) => [{ from, to: asText(argument), attribute: undefined, under: held }],
  'Fn::GetAtt': (argument, from, held) => {
    const [to = '', attribute = ''] = Array.isArray(argument) ? argument.map(asText) : [];
    return [{ from, to, attribute, under: held }];
  },
  'Fn::Sub': referencesOfSub,
  'Fn::If': (argument, from, held) => {
    const [condition, yes = null, no = null] = Array.isArray(argument) ? argument : [];
    return [...referencesIn(yes, from, [...held, asText(condition)]), ...referencesIn(no, from, held)];
  },
};

function referencesIn(value: Json, from: string, held: readonly string[]): Reference[] {
  if (Array.isArray(value)) return value.flatMap((item) => referencesIn(item, from, held));
  if (!isObject(value)) return [];
  const [name, argument] = intrinsic(value) ?? [];
  const read = name === undefined ? undefined : READERS[name];
  return read === undefined || argument === undefined
    ? Object.values(value).flatMap((item) => referencesIn(item, from, held))
    : read(argument, from, held);
}

function referencesOfSub(argument: Json, from: string, held: readonly string[]): Reference[] {
  const [text, variables] = Array.isArray(argument) ? argument : [argument];
  const own = isObject(variables) ? variables : {};
  const names = [...asText(text).matchAll(/\$\{([^!}][^}]*)\}/g)].map(([, name = '']) => name);
  const unused = Object.keys(own).filter((name) => !names.includes(name));
  return [
    ...Object.values(own).flatMap((item) => referencesIn(item, from, held)),
    ...names.filter((name) => !Object.hasOwn(own, name)).map((name) => named(name, from, held)),
    ...unused.map((name) => named(`(unused ${name})`, from, held)),
  ];
}

/** @example named('Bucket.Arn', …) */
function named(name: string, from: string, held: readonly string[]): Reference {
  const [to = '', ...attribute] = name.split('.');
  return { from, to, attribute: attribute.length === 0 ? undefined : attribute.join('.'), under: held };
}

function unusedParameters(template: ClusterTemplate, references: readonly Reference[]): string[] {
  const used = new Set(references.map(({ to }) => to));
  return Object.keys(template.Parameters).flatMap((name) =>
    used.has(name) ? [] : [`${name}: nothing uses this parameter`],
  );
}

function unknownConditions(template: ClusterTemplate): string[] {
  const named = [
    ...Object.values(template.Resources).flatMap(({ Condition }) => under(Condition)),
    ...Object.values(template.Outputs).flatMap(({ Condition }) => under(Condition)),
    ...conditionsIn(Object.values(template.Resources).map(({ Properties }) => Properties)),
    ...conditionsIn(Object.values(template.Outputs).map(({ Value }) => Value)),
  ];
  const unknown = named.filter((name) => !Object.hasOwn(template.Conditions, name));
  const unused = Object.keys(template.Conditions).filter((name) => !named.includes(name));
  return [
    ...unknown.map((name) => `${name}: no such condition`),
    ...unused.map((name) => `${name}: nothing uses this condition`),
  ];
}

function conditionsIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => conditionsIn(item));
  if (!isObject(value)) return [];
  const call = intrinsic(value);
  const own = call?.[0] === 'Fn::If' && Array.isArray(call[1]) ? [asText(call[1][0])] : [];
  return [...own, ...Object.values(value).flatMap((item) => conditionsIn(item))];
}
