// Holds what the lab reads and answers against AWS's own models.
import type { Exchange } from '../../lab/aws/endpoint.ts';
import { AwsError, UnknownOperation } from '../../lab/aws/services/service.ts';
import { LATER_OPERATIONS } from '../../scripts/aws-models.ts';
import type { Model, Models, Operation, Shape } from '../../scripts/aws-models.ts';

/** What AWS has and Debian's models, which are of December 2022, have not. `Shape.member`, by service. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  autoscaling: [
    'AutoScalingGroup.InstanceMaintenancePolicy', // November 2023
    'AutoScalingGroup.InstanceLifecyclePolicy', // botocore 1.43.11
    'UpdateAutoScalingGroupType.InstanceLifecyclePolicy',
    'RefreshPreferences.MaxHealthyPercentage', // November 2023
    'RefreshPreferences.AutoRollback', // February 2023
    'RefreshPreferences.ScaleInProtectedInstances', // February 2023
    'RefreshPreferences.StandbyInstances', // February 2023
    'RefreshPreferences.AlarmSpecification', // July 2023
    'InstanceRefresh.Strategy', // botocore 1.43.11
  ],
  dynamodb: [
    'TableDescription.DeletionProtectionEnabled', // March 2023
    'ConditionalCheckFailedException.Item', // June 2023, like the members that ask for it
    'PutItemInput.ReturnValuesOnConditionCheckFailure',
    'UpdateItemInput.ReturnValuesOnConditionCheckFailure',
    'DeleteItemInput.ReturnValuesOnConditionCheckFailure',
  ],
};

/** Values that enums have got since. */
const LATER_VALUES: readonly string[] = [
  'Terminating:Retained', // with instance lifecycle policies, as above
  'Warmed:Pending:Retained',
  'Warmed:Terminating:Retained',
  'ReplacingRootVolume:Wait', // with the replacement of root volumes
  'ReplacingRootVolume:Proceed',
  'RollbackInProgress', // with the rollback of refreshes
  'RollbackSuccessful',
  'RollbackFailed',
];

/** Errors that every operation of a service can give; the models have them for few. By code: the HTTP status. */
const JSON_ERRORS: Readonly<Record<string, number>> = {
  AccessDeniedException: 400,
  InternalFailure: 500,
  InternalServerError: 500,
  SerializationException: 400,
  ServiceUnavailable: 503,
  ThrottlingException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
  ExpiredTokenException: 400,
  ValidationException: 400,
};
const QUERY_ERRORS: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  ExpiredToken: 403,
  InternalFailure: 500,
  InvalidClientTokenId: 403,
  ServiceUnavailable: 503,
  Throttling: 400,
  ValidationError: 400,
};
const COMMON: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ssm: { ...JSON_ERRORS, InvalidNextToken: 400 },
  states: JSON_ERRORS,
  dynamodb: JSON_ERRORS,
  autoscaling: QUERY_ERRORS,
  iam: QUERY_ERRORS,
  sts: QUERY_ERRORS,
  sns: QUERY_ERRORS,
  cloudformation: QUERY_ERRORS,
  route53: QUERY_ERRORS,
  // In JSON, which is younger than Debian's models; they have the error under its name in the Query protocol.
  sqs: { ...JSON_ERRORS, QueueDoesNotExist: 400 },
  // EC2's errors are in its documentation only.
  ec2: {
    ...QUERY_ERRORS,
    AuthFailure: 401,
    'InvalidInstanceID.Malformed': 400,
    'InvalidInstanceID.NotFound': 400,
    'InvalidGroup.NotFound': 400,
    InvalidNextToken: 400,
    InvalidParameterCombination: 400,
    InvalidParameterValue: 400,
    MissingParameter: 400,
    RequestLimitExceeded: 503,
    UnauthorizedOperation: 403,
    UnknownParameter: 400,
  },
};

type Direction = 'request' | 'answer';

interface Place {
  readonly service: string;
  readonly model: Model;
  readonly direction: Direction;
  /** Forms have text only. */
  readonly textOnly: boolean;
  /** What has been made of the model's shapes so far, by their names. */
  readonly checks: Map<string, Check>;
}

/** What is wrong with a value; each text begins with the path within it. Made once of each shape: most of what is checked is all right. */
type Check = (value: unknown) => readonly string[];

const NOTHING: readonly string[] = [];

const places = new WeakMap<Model, Map<string, Place>>();

function placeOf(service: string, model: Model, direction: Direction): Place {
  const ofModel = places.get(model) ?? new Map<string, Place>();
  places.set(model, ofModel);
  const key = `${service} ${direction}`;
  const textOnly = direction === 'request' && FORMS.has(service);
  const place = ofModel.get(key) ?? { service, model, direction, textOnly, checks: new Map<string, Check>() };
  ofModel.set(key, place);
  return place;
}

const FORMS: ReadonlySet<string> = new Set(['ec2', 'autoscaling', 'cloudformation', 'iam', 'sns', 'sts']);

/** What AWS's model says against an exchange; nothing, if all is well. */
export function problemsOf(models: Models, { service, operation, input, output, error }: Exchange): string[] {
  const model = models[service];
  const known = model?.operations[operation];
  if (error instanceof UnknownOperation || LATER_OPERATIONS.has(`${service}.${operation}`)) {
    return [];
  }
  if (model === undefined || known === undefined) {
    return [`${service}.${operation}: not in the models`];
  }
  const name = `${service}.${operation}`;
  if (error !== undefined) {
    return errorProblems(placeOf(service, model, 'answer'), known, error).map((text) => `${name} error: ${text}`);
  }
  const asked = placeOf(service, model, 'request');
  const answered = placeOf(service, model, 'answer');
  return [
    ...checkOf(asked, known.input?.shape)(input).map((text) => `${name} request: ${text}`),
    ...checkOf(answered, known.output?.shape)(output).map((text) => `${name} answer: ${text}`),
  ];
}

function errorProblems(place: Place, { errors = [] }: Operation, error: unknown): string[] {
  const { service, model } = place;
  if (!(error instanceof AwsError)) {
    return [`${String(error)} is no error of AWS, but a bug of the lab`];
  }
  const modelled = errors
    .map(({ shape: name }) => ({ name, shape: model.shapes[name] }))
    .find(({ name, shape }) => (shape?.error?.code ?? name) === error.code || name === error.code);
  const status = modelled?.shape === undefined ? COMMON[service]?.[error.code] : statusOf(modelled.shape);
  if (status !== error.status) {
    return [`${error.code} with status ${error.status}, where AWS has ${status ?? 'no such error'}`];
  }
  // `message` is spelt both ways; whoever reads it takes either.
  return modelled === undefined
    ? []
    : checkOf(
        place,
        modelled.name,
      )(error.members)
        .filter((text) => !/\bmessage\b/i.test(text))
        .map((text) => `${error.code}${text}`);
}

const statusOf = ({ error, fault }: Shape): number => error?.httpStatusCode ?? (fault === true ? 500 : 400);

/** A shape may be part of itself: what is not made yet is looked up when it is needed. */
function checkOf(place: Place, name: string | undefined): Check {
  if (name === undefined) {
    return noAnswer;
  }
  return (value) => {
    const known = place.checks.get(name) ?? makeCheck(place, name);
    place.checks.set(name, known);
    return known(value);
  };
}

const noAnswer: Check = (value) =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0
    ? NOTHING
    : [' has an answer, AWS has none'];

function makeCheck(place: Place, name: string): Check {
  const shape = place.model.shapes[name];
  if (shape === undefined) {
    return () => [`: no shape ${name}`];
  }
  switch (shape.type) {
    case 'structure':
      return structureCheck(place, name, shape);
    case 'list':
      return listCheck(place, shape);
    case 'map':
      return mapCheck(place, shape);
    default: {
      const check = scalarCheck(place, shape);
      return (value) => within(': ', check(value));
    }
  }
}

const within = (path: string, problems: readonly string[]): readonly string[] =>
  problems.length === 0 ? NOTHING : problems.map((text) => `${path}${text}`);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function structureCheck(place: Place, name: string, { members = {}, required = [], union }: Shape): Check {
  const checks = new Map(Object.entries(members).map(([key, { shape }]) => [key, checkOf(place, shape)]));
  const later = new Set(LATER[place.service] ?? []);
  const unknown = (key: string): readonly string[] =>
    later.has(`${name}.${key}`) ? NOTHING : [`.${key} is not a member of ${name}`];
  return (value) => {
    if (!isRecord(value)) {
      return [': not a structure'];
    }
    const given = Object.keys(value).filter((key) => value[key] !== undefined);
    const problems: string[] = [];
    for (const member of required) {
      if (!given.includes(member)) problems.push(`.${member} is missing`);
    }
    if (union === true && given.length !== 1) {
      problems.push(': not exactly one member of a union');
    }
    for (const key of given) {
      const check = checks.get(key);
      problems.push(...(check === undefined ? unknown(key) : within(`.${key}`, check(value[key]))));
    }
    return problems;
  };
}

function listCheck(place: Place, shape: Shape): Check {
  const check = checkOf(place, shape.member?.shape);
  return (value) =>
    Array.isArray(value)
      ? [
          ...within(': ', measureProblems(shape, value.length)),
          ...value.flatMap((one, index) => within(`[${index}]`, check(one))),
        ]
      : [': not a list'];
}

function mapCheck(place: Place, shape: Shape): Check {
  const checkKey = checkOf(place, shape.key?.shape);
  const checkValue = checkOf(place, shape.value?.shape);
  return (value) =>
    isRecord(value)
      ? Object.entries(value).flatMap(([key, inner]) => [
          ...within(` key ${key}`, checkKey(key)),
          ...within(`.${key}`, checkValue(inner)),
        ])
      : [': not a map'];
}

function scalarCheck(place: Place, shape: Shape): Check {
  switch (shape.type) {
    case 'string': {
      const check = textCheck(shape);
      return (value) => (typeof value === 'string' ? check(value) : [`${typeof value}, not text`]);
    }
    case 'boolean':
      return (value) => (isFlag(place, value) ? NOTHING : ['not a boolean']);
    case 'timestamp':
      return (value) => (isTime(value, place.direction) ? NOTHING : [`${String(value)} is no timestamp`]);
    case 'blob':
      return (value) => (typeof value === 'string' ? NOTHING : ['not base64']);
    default:
      return (value) => numberProblems(place, shape, place.textOnly ? Number(value) : value);
  }
}

const isFlag = ({ textOnly }: Place, value: unknown): boolean =>
  typeof value === 'boolean' || (textOnly && (value === 'true' || value === 'false'));

/** JSON says seconds since 1970, with a fraction; XML has text, which the lab makes of a Date. */
function isTime(value: unknown, direction: Direction): boolean {
  const seconds = typeof value === 'number' && value >= 0 && value < 100_000_000_000;
  return seconds || (direction === 'answer' && value instanceof Date);
}

function numberProblems(place: Place, shape: Shape, value: unknown): readonly string[] {
  const whole = shape.type === 'integer' || shape.type === 'long';
  return typeof value === 'number' && (whole ? Number.isInteger(value) : Number.isFinite(value))
    ? // Of numbers in answers AWS's own model is not true: a table that was never changed was so 0 times, not 1 or more.
      measureProblems(place.direction === 'answer' ? {} : shape, value)
    : [`${String(value)} is not a ${shape.type}`];
}

function textCheck(shape: Shape): (value: string) => readonly string[] {
  const among = shape.enum === undefined ? undefined : new Set([...shape.enum, ...LATER_VALUES]);
  const pattern = patternOf(shape.pattern);
  return (value) => {
    const inside = among === undefined || among.has(value);
    const matches = pattern === undefined || pattern.test(value);
    const measured = measureProblems(shape, value.length);
    return inside && matches
      ? measured
      : [
          ...measured,
          ...(inside ? [] : [`${value} is none of ${shape.enum?.join(', ') ?? ''}`]),
          ...(matches ? [] : [`${value} does not match ${shape.pattern ?? ''}`]),
        ];
  };
}

function measureProblems({ min, max }: Pick<Shape, 'min' | 'max'>, measure: number): readonly string[] {
  if ((min === undefined || measure >= min) && (max === undefined || measure <= max)) {
    return NOTHING;
  }
  return [measure < (min ?? measure) ? `${measure} is under ${min ?? 0}` : `${measure} is over ${max ?? 0}`];
}

/**
 * Java's patterns, which are for the whole value. What only Java can read is not checked, nor is SSM's pattern of a time (the one
 * that looks ahead): it knows tenths of seconds, and AWS's own answers have thousandths.
 */
function patternOf(pattern: string | undefined): RegExp | undefined {
  return pattern === undefined || ['\\p{', '\\uD800', '(?!'].some((part) => pattern.includes(part))
    ? undefined
    : new RegExp(`^(?:${pattern})$`, 's');
}
