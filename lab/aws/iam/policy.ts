// Policies, compiled: what a statement says about one request.
import { StackError } from '../stack/stack.ts';
import type { PolicyDocument, PolicyStatement } from '../stack/stack.ts';
import { checkVariables, compileConditions } from './conditions.ts';
import type { Condition } from './conditions.ts';
import { like, likeArn, variablesOf } from './text.ts';
import type { Context, Matches } from './text.ts';

/** One thing that somebody asks for. */
export interface Ask {
  readonly action: string;
  /** An ARN; `*` where IAM knows no resource. */
  readonly resource: string;
  readonly context: Context;
}

/** Who asks: a role that somebody has taken on, or a service on its own account. */
export interface Asker {
  /** @example events.amazonaws.com */
  readonly service?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly account?: string | undefined;
}

export interface Statement {
  /** @example CommandFunctionRole.EndWaits */
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  /** Action, Resource and Condition, or their opposites. */
  readonly covers: (ask: Ask) => boolean;
  /** Condition keys that it asks for, in conditions and as variables; in lower case. */
  readonly keys: readonly string[];
  /** How a resource's policy means the asker: by name, or as one of an account, whose own policies then must agree. */
  readonly means: (asker: Asker) => 'directly' | 'by account' | undefined;
}

export type Policy = readonly Statement[];

/** Of documents that are frozen, which is what those of a loaded stack are: many labs of a process share them. By `where`. */
const known = new WeakMap<PolicyDocument, Map<string, Policy>>();

/**
 * @param where the logical id, for the message
 * @throws StackError for whatever in it the lab would not play as AWS does
 */
export function compilePolicy(document: PolicyDocument, where: string): Policy {
  if (!Object.isFrozen(document)) {
    return compileAll(document, where);
  }
  const ofDocument = known.get(document) ?? new Map<string, Policy>();
  known.set(document, ofDocument);
  const policy = ofDocument.get(where) ?? compileAll(document, where);
  ofDocument.set(where, policy);
  return policy;
}

function compileAll({ Statement: statements }: PolicyDocument, where: string): Policy {
  return statements.map((statement, index) => {
    const sid = statement.Sid ?? `statement ${index + 1}`;
    try {
      return compile(statement, `${where}.${sid}`);
    } catch (error) {
      throw new StackError(where, `${sid}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

function compile(statement: PolicyStatement, name: string): Statement {
  const actions = either(statement.Action, statement.NotAction, (text) => like(text, 'i'));
  if (actions === undefined) {
    throw new Error('needs Action or NotAction, one of them');
  }
  if ([statement.Action ?? statement.NotAction ?? []].flat().flatMap(variablesOf).length > 0) {
    throw new Error('IAM knows no variables in Action and NotAction');
  }
  const resources = either(statement.Resource, statement.NotResource, likeArn);
  if (resources === undefined && statement.Principal === undefined) {
    throw new Error('needs Resource or NotResource, one of them');
  }
  const conditions: readonly Condition[] = compileConditions(statement.Condition ?? {});
  // Most statements are about other actions than the one that is asked for, of which there are a few dozen.
  const known = new Map<string, boolean>();
  const coversAction = (action: string, context: Context): boolean => {
    const covered = known.get(action) ?? actions(action, context);
    known.set(action, covered);
    return covered;
  };
  return {
    name,
    effect: statement.Effect,
    covers: ({ action, resource, context }) =>
      coversAction(action, context) &&
      (resources === undefined || resources(resource, context)) &&
      conditions.every((holds) => holds(context)),
    keys: keysOf(statement),
    means: meaning(statement.Principal),
  };
}

function keysOf({ Condition: tests = {}, Resource, NotResource }: PolicyStatement): string[] {
  const values = Object.values(tests).flatMap((test) => Object.values(test).flat());
  const variables = [...values, Resource ?? [], NotResource ?? []].flat().flatMap(variablesOf);
  return [...Object.values(tests).flatMap((test) => Object.keys(test)), ...variables].map((key) => key.toLowerCase());
}

type Covers = (value: string, context: Context) => boolean;
type Texts = string | readonly string[] | undefined;

function either(wanted: Texts, unwanted: Texts, make: (text: string) => Matches): Covers | undefined {
  if ((wanted === undefined) === (unwanted === undefined)) {
    if (wanted !== undefined) {
      throw new Error('has an element and its opposite');
    }
    return undefined;
  }
  const texts = [wanted ?? unwanted ?? []].flat();
  checkVariables(texts);
  const patterns = texts.map(make);
  return unwanted === undefined
    ? (value, context) => patterns.some((matches) => matches(value, context) === true)
    : (value, context) => patterns.every((matches) => matches(value, context) === false);
}

function meaning(principal: PolicyStatement['Principal']): Statement['means'] {
  if (principal === undefined) {
    return () => 'directly';
  }
  if (principal === '*') {
    return () => 'directly';
  }
  const { Service: services = [], AWS: accounts = [], ...more } = principal;
  const other = Object.keys(more)[0];
  if (other !== undefined) {
    throw new Error(`the lab does not know principals of the kind ${other}`);
  }
  const named = new Set([accounts].flat());
  const served = new Set([services].flat());
  return ({ service, roleArn, account }) => {
    if (
      (service !== undefined && served.has(service)) ||
      (roleArn !== undefined && named.has(roleArn)) ||
      ((roleArn !== undefined || account !== undefined) && named.has('*'))
    ) {
      return 'directly';
    }
    const ofAccount = [...named].some(
      (arn) => account !== undefined && new RegExp(`^(arn:[^:]+:iam::)?${account}(:root)?$`).test(arn),
    );
    return ofAccount ? 'by account' : undefined;
  };
}
