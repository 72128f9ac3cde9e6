// Holds what the lab reads and answers against AWS's own models.
import type { Exchange } from '../../lab/endpoint.ts';
import { AwsError, UnknownOperation } from '../../lab/services/service.ts';
import type { Model, Models, Operation, Shape } from '../../scripts/aws-models.ts';

/** What AWS has and Debian's models, which are of December 2022, have not. `Shape.member`, by service. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  autoscaling: [
    'AutoScalingGroup.InstanceMaintenancePolicy', // November 2023
    'AutoScalingGroup.InstanceLifecyclePolicy', // botocore 1.43.11
    'RefreshPreferences.MaxHealthyPercentage', // November 2023
    'InstanceRefresh.Strategy', // botocore 1.43.11
  ],
  dynamodb: [
    'ConditionalCheckFailedException.Item', // June 2023, like the members that ask for it
    'PutItemInput.ReturnValuesOnConditionCheckFailure',
    'UpdateItemInput.ReturnValuesOnConditionCheckFailure',
    'DeleteItemInput.ReturnValuesOnConditionCheckFailure',
  ],
};

/** Values that enums have got since. */
const LATER_VALUES: readonly string[] = ['Terminating:Retained']; // with instance lifecycle policies, as above

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
  sts: QUERY_ERRORS,
  sns: QUERY_ERRORS,
  // In JSON, which is younger than Debian's models; they have the error under its name in the Query protocol.
  sqs: { ...JSON_ERRORS, QueueDoesNotExist: 400 },
  // EC2's errors are in its documentation only.
  ec2: {
    ...QUERY_ERRORS,
    AuthFailure: 401,
    'InvalidInstanceID.Malformed': 400,
    'InvalidInstanceID.NotFound': 400,
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
}

/** What AWS's model says against an exchange; nothing, if all is well. */
export function problemsOf(models: Models, { service, operation, input, output, error }: Exchange): string[] {
  const model = models[service];
  const known = model?.operations[operation];
  if (error instanceof UnknownOperation) {
    return [];
  }
  if (model === undefined || known === undefined) {
    return [`${service}.${operation}: not in the models`];
  }
  const name = `${service}.${operation}`;
  if (error !== undefined) {
    return errorProblems({ service, model }, known, error).map((text) => `${name} error: ${text}`);
  }
  const forms = ['ec2', 'autoscaling', 'sns', 'sts'].includes(service);
  const asked = { service, model, direction: 'request', textOnly: forms } as const;
  const answered = { service, model, direction: 'answer', textOnly: false } as const;
  return [
    ...shapeProblems(asked, known.input?.shape, input, '').map((text) => `${name} request: ${text}`),
    ...shapeProblems(answered, known.output?.shape, output, '').map((text) => `${name} answer: ${text}`),
  ];
}

function errorProblems(
  { service, model }: Pick<Place, 'service' | 'model'>,
  { errors = [] }: Operation,
  error: unknown,
): string[] {
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
  const place = { service, model, direction: 'answer', textOnly: false } as const;
  // `message` is spelt both ways; whoever reads it takes either.
  return modelled === undefined
    ? []
    : shapeProblems(place, modelled.name, error.members, error.code).filter((text) => !/\bmessage\b/i.test(text));
}

const statusOf = ({ error, fault }: Shape): number => error?.httpStatusCode ?? (fault === true ? 500 : 400);

function shapeProblems(place: Place, name: string | undefined, value: unknown, path: string): string[] {
  if (name === undefined) {
    return typeof value === 'object' && value !== null && Object.keys(value).length === 0
      ? []
      : [`${path} has an answer, AWS has none`];
  }
  const shape = place.model.shapes[name];
  if (shape === undefined) {
    return [`${path}: no shape ${name}`];
  }
  switch (shape.type) {
    case 'structure':
      return structureProblems(place, { name, shape }, value, path);
    case 'list':
      return listProblems(place, shape, value, path);
    case 'map':
      return mapProblems(place, shape, value, path);
    default:
      return scalarProblems(place, shape, value).map((text) => `${path}: ${text}`);
  }
}

function structureProblems(
  place: Place,
  { name, shape }: { readonly name: string; readonly shape: Shape },
  value: unknown,
  path: string,
): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${path}: not a structure`];
  }
  const members = shape.members ?? {};
  const given = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const later = LATER[place.service] ?? [];
  const missing = (shape.required ?? []).filter((member) => !given.some(([key]) => key === member));
  return [
    ...missing.map((member) => `${path}.${member} is missing`),
    ...(shape.union === true && given.length !== 1 ? [`${path}: not exactly one member of a union`] : []),
    ...given.flatMap(([key, inner]) => {
      const member = Object.hasOwn(members, key) ? members[key] : undefined;
      if (member === undefined) {
        return later.includes(`${name}.${key}`) ? [] : [`${path}.${key} is not a member of ${name}`];
      }
      return shapeProblems(place, member.shape, inner, `${path}.${key}`);
    }),
  ];
}

function listProblems(place: Place, shape: Shape, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) {
    return [`${path}: not a list`];
  }
  return [
    ...measureProblems(shape, value.length).map((text) => `${path}: ${text}`),
    ...value.flatMap((one, index) => shapeProblems(place, shape.member?.shape, one, `${path}[${index}]`)),
  ];
}

function mapProblems(place: Place, shape: Shape, value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${path}: not a map`];
  }
  return Object.entries(value).flatMap(([key, inner]) => [
    ...shapeProblems(place, shape.key?.shape, key, `${path} key ${key}`),
    ...shapeProblems(place, shape.value?.shape, inner, `${path}.${key}`),
  ]);
}

function scalarProblems(place: Place, shape: Shape, value: unknown): string[] {
  switch (shape.type) {
    case 'string':
      return typeof value === 'string' ? textProblems(shape, value) : [`${typeof value}, not text`];
    case 'boolean':
      return isFlag(place, value) ? [] : ['not a boolean'];
    case 'timestamp':
      return isTime(value, place.direction) ? [] : [`${String(value)} is no timestamp`];
    case 'blob':
      return typeof value === 'string' ? [] : ['not base64'];
    default:
      return numberProblems(place, shape, place.textOnly ? Number(value) : value);
  }
}

const isFlag = ({ textOnly }: Place, value: unknown): boolean =>
  typeof value === 'boolean' || (textOnly && (value === 'true' || value === 'false'));

/** JSON says seconds since 1970, with a fraction; XML has text, which the lab makes of a Date. */
function isTime(value: unknown, direction: Direction): boolean {
  const seconds = typeof value === 'number' && value >= 0 && value < 100_000_000_000;
  return seconds || (direction === 'answer' && value instanceof Date);
}

function numberProblems(place: Place, shape: Shape, value: unknown): string[] {
  const whole = shape.type === 'integer' || shape.type === 'long';
  return typeof value === 'number' && (whole ? Number.isInteger(value) : Number.isFinite(value))
    ? // Of numbers in answers AWS's own model is not true: a table that was never changed was so 0 times, not 1 or more.
      measureProblems(place.direction === 'answer' ? {} : shape, value)
    : [`${String(value)} is not a ${shape.type}`];
}

function textProblems(shape: Shape, value: string): string[] {
  const wrong = shape.enum !== undefined && ![...shape.enum, ...LATER_VALUES].includes(value);
  return [
    ...measureProblems(shape, value.length),
    ...(wrong ? [`${value} is none of ${shape.enum.join(', ')}`] : []),
    ...(matches(shape.pattern, value) ? [] : [`${value} does not match ${shape.pattern ?? ''}`]),
  ];
}

function measureProblems({ min, max }: Pick<Shape, 'min' | 'max'>, measure: number): string[] {
  return [
    ...(min !== undefined && measure < min ? [`${measure} is under ${min}`] : []),
    ...(max !== undefined && measure > max ? [`${measure} is over ${max}`] : []),
  ];
}

/**
 * Java's patterns, which are for the whole value. What only Java can read is not checked, nor is SSM's pattern of a time (the one
 * that looks ahead): it knows tenths of seconds, and AWS's own answers have thousandths.
 */
function matches(pattern: string | undefined, value: string): boolean {
  if (pattern === undefined || ['\\p{', '\\uD800', '(?!'].some((part) => pattern.includes(part))) {
    return true;
  }
  return new RegExp(`^(?:${pattern})$`, 's').test(value);
}
