// What a service answered a Task with, as Step Functions names it to a state machine.
import type { AwsError } from '../services/service.ts';
import { StatesError } from './errors.ts';

/**
 * Errors that the services' models have, by the service's name in an SDK integration: the code that the service answers with, or, where
 * a model knows no code of its own, the name of the shape. Only of services that the lab has a machine for. Source: botocore 1.43.11.
 */
export const MODELLED: Readonly<Record<string, ReadonlySet<string>>> = {
  autoscaling: new Set([
    'ActiveInstanceRefreshNotFound',
    'AlreadyExists',
    'IdempotentParameterMismatch',
    'InstanceRefreshInProgress',
    'InvalidNextToken',
    'IrreversibleInstanceRefresh',
    'LimitExceeded',
    'ResourceContention',
    'ResourceInUse',
    'ScalingActivityInProgress',
    'ServiceLinkedRoleFailure',
  ]),
  dynamodb: new Set([
    'BackupInUseException',
    'BackupNotFoundException',
    'ConditionalCheckFailedException',
    'ContinuousBackupsUnavailableException',
    'DuplicateItemException',
    'ExportConflictException',
    'ExportNotFoundException',
    'GlobalTableAlreadyExistsException',
    'GlobalTableNotFoundException',
    'IdempotentParameterMismatchException',
    'ImportConflictException',
    'ImportNotFoundException',
    'IndexNotFoundException',
    'InternalServerError',
    'InvalidExportTimeException',
    'InvalidRestoreTimeException',
    'ItemCollectionSizeLimitExceededException',
    'LimitExceededException',
    'PointInTimeRecoveryUnavailableException',
    'PolicyNotFoundException',
    'ProvisionedThroughputExceededException',
    'ReplicaAlreadyExistsException',
    'ReplicaNotFoundException',
    'ReplicatedWriteConflictException',
    'RequestLimitExceeded',
    'ResourceInUseException',
    'ResourceNotFoundException',
    'TableAlreadyExistsException',
    'TableInUseException',
    'TableNotFoundException',
    'ThrottlingException',
    'TransactionCanceledException',
    'TransactionConflictException',
    'TransactionInProgressException',
  ]),
  ec2: new Set(),
  lambda: new Set([
    'EC2AccessDeniedException',
    'EC2ThrottledException',
    'EC2UnexpectedException',
    'ENILimitReachedException',
    'InvalidParameterValueException',
    'InvalidRequestContentException',
    'InvalidRuntimeException',
    'KMSAccessDeniedException',
    'KMSDisabledException',
    'RequestTooLargeException',
    'ResourceConflictException',
    'ResourceNotFoundException',
    'ResourceNotReadyException',
    'ServiceException',
    'TooManyRequestsException',
    'UnsupportedMediaTypeException',
  ]),
  states: new Set([
    'ConflictException',
    'ExecutionAlreadyExists',
    'ExecutionDoesNotExist',
    'ExecutionLimitExceeded',
    'InvalidArn',
    'InvalidExecutionInput',
    'InvalidName',
    'InvalidOutput',
    'InvalidToken',
    'KmsAccessDeniedException',
    'KmsInvalidStateException',
    'KmsThrottlingException',
    'ResourceNotFound',
    'ServiceQuotaExceededException',
    'StateMachineDeleting',
    'StateMachineDoesNotExist',
    'StateMachineTypeNotSupported',
    'TaskDoesNotExist',
    'TaskTimedOut',
    'ValidationException',
  ]),
};

/** Two shapes whose names are no "Fault", and whose codes leave the ending out. */
const SHAPES: Readonly<Record<string, string>> = {
  'autoscaling.IdempotentParameterMismatch': 'IdempotentParameterMismatchError',
};

/** How the services are called in errors. */
const SDK_NAMES: Readonly<Record<string, string>> = {
  autoscaling: 'AutoScaling',
  dynamodb: 'DynamoDb',
  ec2: 'Ec2',
  states: 'Sfn',
};

/**
 * Of `aws-sdk:*` integrations, which go through the second Java SDK: a modelled error has the name of the SDK's class, which ends in
 * Exception; all others, throttling and access denied among them, share the service's own. Recorded: `DynamoDb.DynamoDbException`,
 * `SecretsManager.SecretsManagerException`, `Sfn.InvalidTokenException`, `S3.NoSuchBucketException`. Nothing is tried again underneath:
 * the cause ends with the number of attempts, which is one.
 *
 * @example sdkError('autoscaling', new AwsError('Throttling', 'Rate exceeded'), id).error // AutoScaling.AutoScalingException
 */
export function sdkError(service: string, error: AwsError, requestId: string): StatesError {
  const prefix = SDK_NAMES[service] ?? unknownService(service);
  const name = isModelled(service, error)
    ? ofClass(SHAPES[`${service}.${error.code}`] ?? error.code)
    : `${prefix}Exception`;
  const place = `Service: ${prefix}, Status Code: ${error.status}, Request ID: ${requestId}`;
  return new StatesError(`${prefix}.${name}`, `${error.message} (${place}) (SDK Attempt Count: 1)`);
}

/** How the optimized integrations call the services: in the error, in the cause, and where the error has no name of its own. */
const OPTIMIZED = {
  lambda: { prefix: 'Lambda', service: 'AWSLambda', general: 'AWSLambdaException' },
  states: { prefix: 'StepFunctions', service: 'AWSStepFunctions', general: 'AWSStepFunctionsException' },
} as const;

/**
 * Of `lambda:invoke` and `states:startExecution`, which go through the first Java SDK and so word their causes in another way.
 * Recorded: `Lambda.ResourceNotFoundException`, `StepFunctions.StateMachineDoesNotExistException`, `SQS.AmazonSQSException`.
 */
export function optimizedError(which: keyof typeof OPTIMIZED, error: AwsError, requestId: string): StatesError {
  const { prefix, service, general } = OPTIMIZED[which];
  const name = isModelled(which, error) ? ofClass(error.code) : general;
  const place = [
    `Service: ${service}`,
    `Status Code: ${error.status}`,
    `Error Code: ${error.code}`,
    `Request ID: ${requestId}`,
    'Proxy: null',
  ];
  return new StatesError(`${prefix}.${name}`, `${error.message} (${place.join('; ')})`);
}

const isModelled = (service: string, { code }: AwsError): boolean => MODELLED[service]?.has(code) ?? false;

/** Java's class of a shape. */
const ofClass = (shape: string): string => (shape.endsWith('Exception') ? shape : `${shape}Exception`);

/** A machine calls a service that this table does not have: a name that is made up would hide which Retry is wrong. */
function unknownService(service: string): never {
  throw new Error(`the lab does not know how Step Functions names the errors of ${service}`);
}
