// The parameters of a template: what is declared, what is given, and what CloudFormation says where the two do not go together.
import { RE2JS } from 're2js';
import { z } from 'zod';

import { AwsError } from '../services/service.ts';
import type { Json } from '../stack/stack.ts';
import { invalidTemplate } from './template-text.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const whole = scalar.pipe(z.coerce.number());

export const declaredParameter = z.strictObject({
  Type: z.string(),
  Default: scalar.optional(),
  Description: z.string().max(4000).optional(),
  NoEcho: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  AllowedValues: z.array(scalar).optional(),
  AllowedPattern: z.string().optional(),
  ConstraintDescription: z.string().optional(),
  MinLength: whole.optional(),
  MaxLength: whole.optional(),
  MinValue: whole.optional(),
  MaxValue: whole.optional(),
});
export type DeclaredParameter = z.output<typeof declaredParameter>;
export type Declared = Readonly<Record<string, DeclaredParameter>>;

/** As a request has them. */
export interface GivenParameter {
  readonly ParameterKey: string;
  readonly ParameterValue?: string | undefined;
  readonly UsePreviousValue?: boolean | undefined;
}

/** Types whose values are ids of what is in the account: CloudFormation looks whether they are there. */
const OF_THE_ACCOUNT: Readonly<Record<string, string>> = {
  'AWS::EC2::AvailabilityZone::Name': 'AWS::EC2::AvailabilityZone',
  'AWS::EC2::Image::Id': 'AWS::EC2::Image',
  'AWS::EC2::SecurityGroup::Id': 'AWS::EC2::SecurityGroup',
  'AWS::EC2::Subnet::Id': 'AWS::EC2::Subnet',
  'AWS::EC2::VPC::Id': 'AWS::EC2::VPC',
  'AWS::Route53::HostedZone::Id': 'AWS::Route53::HostedZone',
};

interface Kind {
  readonly list: boolean;
  /** `String`, `Number`, or a type of the account. */
  readonly of: string;
}

/** @throws {AwsError} for a type that there is not, or that the lab does not know */
function kindOf(name: string, type: string): Kind {
  if (type === 'CommaDelimitedList') {
    return { list: true, of: 'String' };
  }
  const [, inner] = /^List<(.+)>$/.exec(type) ?? [];
  const of = inner ?? type;
  const known = of === 'Number' || Object.hasOwn(OF_THE_ACCOUNT, of) || (of === 'String' && inner === undefined);
  if (!known) {
    const others = Object.keys(OF_THE_ACCOUNT).join(', ');
    const why = `the lab knows String, Number, CommaDelimitedList, ${others} and lists of the latter`;
    throw invalidTemplate(`Unrecognized parameter type: ${type} (of the parameter ${name}; ${why})`);
  }
  return { list: inner !== undefined, of };
}

/**
 * The values as texts, by name.
 * @param previous of the stack that is updated
 * @throws {AwsError} as CloudFormation refuses them
 */
export function parameterValues(
  declared: Declared,
  given: readonly GivenParameter[],
  previous: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const strangers = given.filter(({ ParameterKey: key }) => !Object.hasOwn(declared, key));
  if (strangers.length > 0) {
    const names = strangers.map(({ ParameterKey }) => ParameterKey);
    throw refused(`Parameters: [${names.join(', ')}] do not exist in the template`);
  }
  const values = new Map<string, string>();
  for (const [name, { Default: preset }] of Object.entries(declared)) {
    const value = given.findLast(({ ParameterKey }) => ParameterKey === name);
    const found = value?.UsePreviousValue === true ? previousOf(name, previous) : (value?.ParameterValue ?? preset);
    if (found !== undefined) {
      values.set(name, found);
    }
  }
  const missing = Object.keys(declared).filter((name) => !values.has(name));
  if (missing.length > 0) {
    throw refused(`Parameters: [${missing.join(', ')}] must have values`);
  }
  for (const [name, value] of values) {
    check(name, value, declared[name]);
  }
  return values;
}

function previousOf(name: string, previous: ReadonlyMap<string, string>): string {
  const value = previous.get(name);
  if (value === undefined) {
    throw refused(
      `Invalid input for parameter key ${name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
    );
  }
  return value;
}

const refused = (message: string): AwsError => new AwsError('ValidationError', message);

function check(name: string, value: string, declared: DeclaredParameter | undefined): void {
  if (declared === undefined) {
    return;
  }
  const kind = kindOf(name, declared.Type);
  const all = kind.list ? itemsOf(value) : [value];
  const broken = all.map((one) => problemWith(one, kind, declared)).find((problem) => problem !== undefined);
  if (broken !== undefined) {
    const { ConstraintDescription: said } = declared;
    throw refused(
      said === undefined
        ? `Parameter '${name}' ${broken}`
        : `Parameter '${name}' failed to satisfy constraint: ${said}`,
    );
  }
}

function problemWith(value: string, { of }: Kind, declared: DeclaredParameter): string | undefined {
  const { AllowedValues: allowed, AllowedPattern: pattern } = declared;
  if (of === 'Number' && (value.trim() === '' || !Number.isFinite(Number(value)))) {
    return 'must be a number';
  }
  if (allowed !== undefined && !allowed.includes(value)) {
    return `must be one of AllowedValues`;
  }
  if (pattern !== undefined && !RE2JS.compile(pattern).matches(value)) {
    return `must match pattern ${pattern}`;
  }
  return of === 'Number' ? outOfBounds(Number(value), declared) : wrongLength(value, declared);
}

function wrongLength(value: string, { MinLength: least, MaxLength: most }: DeclaredParameter): string | undefined {
  if (least !== undefined && value.length < least) {
    return `must contain at least ${least} characters`;
  }
  return most !== undefined && value.length > most ? `must contain at most ${most} characters` : undefined;
}

function outOfBounds(value: number, { MinValue: least, MaxValue: most }: DeclaredParameter): string | undefined {
  if (least !== undefined && value < least) {
    return `must be a number not less than ${least}`;
  }
  return most !== undefined && value > most ? `must be a number not greater than ${most}` : undefined;
}

const itemsOf = (value: string): readonly string[] => (value === '' ? [] : value.split(',').map((one) => one.trim()));

/** What `Ref` gives of a parameter. */
export function refOf(name: string, value: string, declared: DeclaredParameter): Json {
  return kindOf(name, declared.Type).list ? itemsOf(value) : value;
}

/** What the parameters name, and is not in the account; in CloudFormation's words. */
export function notThere(
  declared: Declared,
  values: ReadonlyMap<string, string>,
  exists: (type: string, id: string) => boolean,
): readonly string[] {
  return [...values].flatMap(([name, value]) => {
    const kind = kindOf(name, declared[name]?.Type ?? 'String');
    const type = OF_THE_ACCOUNT[kind.of];
    const all = kind.list ? itemsOf(value) : [value];
    return all
      .filter((one) => type !== undefined && !exists(type, one))
      .map((one) => `parameter value ${one} for parameter name ${name} does not exist`);
  });
}
