// Answers and errors on the wire, in the protocol of their request.
import { describeForEc2 } from '../services/ec2-wire.ts';
import { AwsError, UnknownOperation } from '../services/service.ts';
import type { HttpResponse } from './http.ts';
import { ec2Error, ec2Response, queryError, queryResponse } from './query.ts';
import type { ReadRequest } from './requests.ts';
import { restError, restResponse } from './rest.ts';

type CalledOperation = Pick<ReadRequest, 'protocol' | 'service' | 'operation'>;

export function answerOf(called: CalledOperation, output: unknown, requestId: string): HttpResponse {
  return { status: 200, headers: headersOf(called, requestId), body: bodyOf(called, output, requestId) };
}

function bodyOf({ protocol, service, operation }: CalledOperation, output: unknown, requestId: string): string {
  switch (protocol) {
    case 'json':
      return JSON.stringify(output);
    case 'query':
      return queryResponse(operation, output, requestId, service === 'sqs' ? { Attributes: 'Attribute' } : {});
    case 'ec2':
      return ec2Response(operation, describeForEc2(output), requestId);
    case 'rest':
      return restResponse(operation, output);
  }
}

export function refusalOf(called: CalledOperation, refusal: AwsError, requestId: string): HttpResponse {
  const error = called.protocol === 'json' ? refusal : inQuery(refusal);
  const { code, status } = error;
  const headers = {
    ...headersOf(called, requestId),
    ...(called.protocol === 'json' ? { 'x-amzn-errortype': code } : {}),
  };
  return { status, headers, body: errorBody(called, error, requestId) };
}

/** The Query protocols have another word for it. */
function inQuery(error: AwsError): AwsError {
  return error instanceof UnknownOperation ? new AwsError('InvalidAction', error.message) : error;
}

function errorBody(
  { protocol }: CalledOperation,
  { code, message, status, members }: AwsError,
  requestId: string,
): string {
  switch (protocol) {
    case 'json':
      return JSON.stringify({ __type: code, message, ...members });
    case 'query':
      return queryError(code, message, status, requestId);
    case 'ec2':
      return ec2Error(code, message, requestId);
    case 'rest':
      return restError(code, message, status, requestId);
  }
}

function headersOf({ protocol, service }: CalledOperation, requestId: string): Record<string, string> {
  const json = service === 'ssm' ? 'application/x-amz-json-1.1' : 'application/x-amz-json-1.0';
  return { 'content-type': protocol === 'json' ? json : 'text/xml', 'x-amzn-requestid': requestId };
}
