import { describe, expect, it } from '@jest/globals';

import { asFlowError, isDenied, isThrottled, isUnavailable } from '../../../src/aws/errors.ts';
import { FlowError } from '../../../src/core/errors.ts';

/** As the SDK throws it. */
const awsError = (name: string, status?: number, code?: string): Error =>
  Object.assign(new Error(`${name} it was`), {
    name,
    ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }),
    ...(code === undefined ? {} : { code }),
  });

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'no error');

describe('an error of AWS, as the state machines know it', () => {
  it.each([
    ['ThrottlingException', 400],
    ['Throttling', 400],
    ['RequestLimitExceeded', 503],
    ['ProvisionedThroughputExceededException', 400],
    ['TooManyRequestsException', 429],
    ['WhateverException', 429],
    // DynamoDB: another transaction holds the item, and will be done in a moment.
    ['TransactionConflictException', 400],
    ['TransactionInProgressException', 400],
  ])('%s (%s) is throttling', (name, status) => {
    const error = awsError(name, status);

    expect(isThrottled(error)).toBe(true);
    expect(asFlowError(error)).toMatchObject({ name: 'Throttled', message: `${name} it was`, cause: error });
  });

  it.each([
    awsError('InternalServerError', 500),
    awsError('ServiceUnavailable', 503),
    awsError('TimeoutError'),
    awsError('Error', undefined, 'ECONNRESET'),
    awsError('Error', undefined, 'ECONNREFUSED'),
    awsError('Error', undefined, 'EAI_AGAIN'),
  ])('%s is an outage', (error) => {
    expect(isUnavailable(error)).toBe(true);
    expect(nameOf(asFlowError(error))).toBe('AwsUnavailable');
  });

  it.each([
    awsError('AccessDeniedException', 400),
    awsError('ValidationError', 400),
    awsError('ConditionalCheckFailedException', 400),
    new TypeError('a bug'),
    'not even an error',
  ])('%s stays what it is', (error) => {
    expect(isThrottled(error) || isUnavailable(error)).toBe(false);
    expect(asFlowError(error)).toBe(error);
  });

  it('a flow error stays what it is, whatever caused it', () => {
    const error = new FlowError('Superseded', 'm', { cause: awsError('Throttling', 400) });

    expect(asFlowError(error)).toBe(error);
  });
});

describe('a missing right', () => {
  it.each([
    ['AccessDenied', true],
    ['AccessDeniedException', true],
    ['UnauthorizedOperation', true],
    ['UnauthorizedException', true],
    ['InvalidInstanceId', false],
    ['ExpiredTokenException', false],
  ])('is told by the name %s: %s', (name, expected) => {
    expect(isDenied(awsError(name, 400))).toBe(expected);
  });
});
