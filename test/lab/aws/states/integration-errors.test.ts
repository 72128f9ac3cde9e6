// Names and causes of errors, as recordings of real AWS have them.
import { describe, expect, it } from '@jest/globals';

import { AwsError } from '../../../../lab/aws/services/service.ts';
import { MODELLED, optimizedError, sdkError } from '../../../../lab/aws/states/integration-errors.ts';
import { describeWithModels } from '../../../support/with-models.ts';

const ID = 'e5a6d6c3-0000-4000-8000-000000000000';

describe('an error of an SDK integration', () => {
  it.each([
    // Not in the model, so it has no name of its own: throttling, access denied, and that nobody waits any more are told apart by text.
    ['autoscaling', 'Throttling', 'AutoScaling.AutoScalingException'],
    ['autoscaling', 'ValidationError', 'AutoScaling.AutoScalingException'],
    ['autoscaling', 'AccessDenied', 'AutoScaling.AutoScalingException'],
    ['autoscaling', 'InternalFailure', 'AutoScaling.AutoScalingException'],
    ['autoscaling', 'ServiceUnavailable', 'AutoScaling.AutoScalingException'],
    ['autoscaling', 'ResourceContention', 'AutoScaling.ResourceContentionException'],
    ['autoscaling', 'IdempotentParameterMismatch', 'AutoScaling.IdempotentParameterMismatchErrorException'],
    ['dynamodb', 'ValidationException', 'DynamoDb.DynamoDbException'],
    ['dynamodb', 'AccessDeniedException', 'DynamoDb.DynamoDbException'],
    ['dynamodb', 'ResourceNotFoundException', 'DynamoDb.ResourceNotFoundException'],
    ['dynamodb', 'InternalServerError', 'DynamoDb.InternalServerErrorException'],
    ['ec2', 'RequestLimitExceeded', 'Ec2.Ec2Exception'],
    ['ec2', 'InvalidInstanceID.NotFound', 'Ec2.Ec2Exception'],
    ['states', 'InvalidToken', 'Sfn.InvalidTokenException'],
  ])('%s: %s is %s', (service, code, name) => {
    expect(sdkError(service, new AwsError(code, 'why'), ID).error).toBe(name);
  });

  it('has what the service said in its cause, the id of the request, and one attempt', () => {
    const { cause } = sdkError('states', new AwsError('InvalidToken', "Invalid Token: 'Invalid token'"), ID);

    expect(cause).toBe(
      `Invalid Token: 'Invalid token' (Service: Sfn, Status Code: 400, Request ID: ${ID}) (SDK Attempt Count: 1)`,
    );
  });

  it('is not made up for a service whose names nobody knows', () => {
    expect(() => sdkError('sqs', new AwsError('OverLimit', 'why'), ID)).toThrow(/does not know/);
  });
});

describe('an error of an optimized integration', () => {
  it.each([
    ['lambda', 'ResourceNotFoundException', 'Lambda.ResourceNotFoundException'],
    ['lambda', 'TooManyRequestsException', 'Lambda.TooManyRequestsException'],
    ['lambda', 'AccessDeniedException', 'Lambda.AWSLambdaException'],
    ['states', 'StateMachineDoesNotExist', 'StepFunctions.StateMachineDoesNotExistException'],
    ['states', 'ExecutionAlreadyExists', 'StepFunctions.ExecutionAlreadyExistsException'],
    ['states', 'AccessDeniedException', 'StepFunctions.AWSStepFunctionsException'],
    ['states', 'ThrottlingException', 'StepFunctions.AWSStepFunctionsException'],
  ] as const)('%s: %s is %s', (which, code, name) => {
    expect(optimizedError(which, new AwsError(code, 'why'), ID).error).toBe(name);
  });

  it('words its cause as the first SDK does', () => {
    const { cause } = optimizedError(
      'lambda',
      new AwsError('ResourceNotFoundException', 'Function not found: f', 404),
      ID,
    );

    expect(cause).toBe(
      `Function not found: f (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: ${ID}; Proxy: null)`,
    );
  });
});

describeWithModels('the modelled errors', (models) => {
  it.each(['autoscaling', 'dynamodb', 'ec2', 'states'])('of %s have all that the model has', (service) => {
    const model = models[service];
    const used = new Set(
      Object.values(model?.operations ?? {}).flatMap(({ errors = [] }) => errors.map((one) => one.shape)),
    );
    const codes = [...used].map((shape) => model?.shapes[shape]?.error?.code ?? shape);

    expect(codes.filter((code) => MODELLED[service]?.has(code) !== true)).toEqual([]);
  });
});
