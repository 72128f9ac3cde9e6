// The condition operators and keys that the template uses. One that is not here is refused when the policy is loaded: what the lab
// does not understand must not allow anything.
import { equal, like, likeArn, variablesOf } from './text.ts';
import type { Context, Matches } from './text.ts';

export type Condition = (context: Context) => boolean;

type Values = readonly string[];
type Operator = (key: string, values: Values) => Condition;

type Compile = (text: string) => Matches;

/** A key that the request does not have matches no positive operator, and every negated one. */
const positive =
  (compile: Compile): Operator =>
  (key, values) => {
    const patterns = values.map(compile);
    return (context) => {
      const value = context.get(key);
      return value !== undefined && patterns.some((matches) => matches(value, context) === true);
    };
  };
const negated =
  (compile: Compile): Operator =>
  (key, values) => {
    const patterns = values.map(compile);
    return (context) => {
      const value = context.get(key);
      return value === undefined || patterns.every((matches) => matches(value, context) === false);
    };
  };

const pattern: Compile = (text) => like(text);
const truth: Compile = (text) => (value) => value.toLowerCase() === text.toLowerCase();

const isAbsent: Operator = (key, values) => {
  const wanted = new Set(values.map((value) => value.toLowerCase() === 'true'));
  return (context) => wanted.has(!context.has(key));
};

/** Of a key that has several values, each of which the lab tells under a number. None of them is enough, too. */
const forAll: Operator = (key, values) => (context) =>
  [...context].every(([name, value]) => !name.startsWith(`${key}/`) || values.includes(value));

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: positive(equal),
  StringNotEquals: negated(equal),
  StringLike: positive(pattern),
  StringNotLike: negated(pattern),
  // For ARNs, Equals and Like are the same.
  ArnEquals: positive(likeArn),
  ArnLike: positive(likeArn),
  ArnNotEquals: negated(likeArn),
  ArnNotLike: negated(likeArn),
  Bool: positive(truth),
  Null: isAbsent,
  'ForAllValues:StringEquals': forAll,
};

/** Keys that the lab fills in, in lower case; those that end with `/` or `:` are followed by a tag or the like. */
const KEYS = [
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principaltag/',
  'aws:resourcetag/',
  'autoscaling:resourcetag/',
  'ec2:resourcetag/',
  'ssm:resourcetag/',
  'kms:viaservice',
  'kms:calleraccount',
  'kms:encryptioncontext:',
  'route53:changeresourcerecordsetsrecordtypes',
];

/** @throws Error for operators, keys and variables that the lab does not know */
export function compileConditions(
  conditions: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>,
): readonly Condition[] {
  return Object.entries(conditions).flatMap(([name, tests]) => {
    const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (operator === undefined) {
      throw new Error(`the lab does not know the condition operator ${name}`);
    }
    return Object.entries(tests).map(([key, given]) => {
      const values = [given].flat();
      checkKey(key.toLowerCase());
      checkVariables(values);
      if (name === 'Null' || name === 'Bool') {
        checkTruths(name, values);
      }
      return operator(key.toLowerCase(), values);
    });
  });
}

export function checkVariables(texts: Values): void {
  for (const key of texts.flatMap(variablesOf)) {
    checkKey(key);
  }
}

function checkKey(key: string): void {
  if (!KEYS.some((known) => (/[/:]$/.test(known) ? key.startsWith(known) && key !== known : key === known))) {
    throw new Error(`the lab does not know the condition key ${key}`);
  }
}

function checkTruths(operator: string, values: Values): void {
  const other = values.find((value) => !/^(true|false)$/i.test(value));
  if (other !== undefined) {
    throw new Error(`${operator} takes true or false, not ${other}`);
  }
}
