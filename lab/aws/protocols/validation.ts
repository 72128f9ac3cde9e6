// What AWS says of an input that its model does not allow. The words are those of its services, as far as they are known.
import type { z } from 'zod';

import { AwsError } from '../services/service.ts';

type Issue = z.ZodError['issues'][number];

/** @param call as in `ssm.SendCommand` */
export function invalidInput({ issues }: z.ZodError, service: string, call: string): AwsError {
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys');
  if (unknown?.code === 'unrecognized_keys') {
    return unknownMember([...unknown.path, unknown.keys[0] ?? ''].join('.'), service, call);
  }
  // Only JSON has types. In a form all is text, and what cannot be read is an invalid value.
  const mistyped = issues.find((issue) => issue.code === 'invalid_type' && !isMissing(issue));
  if (mistyped !== undefined && isJson(service)) {
    return new AwsError('SerializationException', `${pathOf(mistyped)}: ${mistyped.message}`);
  }
  if (service === 'ec2') {
    return invalidForEc2(issues);
  }
  const count = `${issues.length} validation error${issues.length === 1 ? '' : 's'} detected`;
  const text = issues.map(
    (issue) => `Value at '${pathOf(issue)}' failed to satisfy constraint: ${constraintOf(issue)}`,
  );
  const code = service === 'route53' ? 'InvalidInput' : isJson(service) ? 'ValidationException' : 'ValidationError';
  return new AwsError(code, `${count}: ${text.join('; ')}`);
}

/** Where AWS ignores a member, a person is told nothing of a slip; the lab would not know what it leaves out. */
export function unknownMember(member: string, service: string, call: string): AwsError {
  const message = `the lab does not know the member ${member} of ${call}`;
  const codes: Readonly<Record<string, string>> = {
    ec2: 'UnknownParameter',
    autoscaling: 'ValidationError',
    cloudformation: 'ValidationError',
    iam: 'ValidationError',
    sns: 'ValidationError',
    route53: 'InvalidInput',
  };
  return new AwsError(codes[service] ?? 'ValidationException', message);
}

const isJson = (service: string): boolean =>
  !['autoscaling', 'cloudformation', 'ec2', 'iam', 'route53', 'sns', 'sts'].includes(service);

const isMissing = ({ message }: Issue): boolean => message.endsWith('received undefined');

function invalidForEc2(issues: readonly Issue[]): AwsError {
  const missing = issues.find(isMissing);
  const [first = missing] = issues;
  return missing === undefined
    ? new AwsError('InvalidParameterValue', first === undefined ? '' : `${first.path.join('.')}: ${first.message}`)
    : new AwsError('MissingParameter', `The request must contain the parameter ${missing.path.join('.')}`);
}

/** @example instanceIds.1.member */
function pathOf({ path }: Issue): string {
  return path
    .map((part) => (typeof part === 'number' ? `${part + 1}.member` : String(part)))
    .map((part, index) => (index === 0 ? part.charAt(0).toLowerCase() + part.slice(1) : part))
    .join('.');
}

function constraintOf(issue: Issue): string {
  if (isMissing(issue)) {
    return 'Member must not be null';
  }
  switch (issue.code) {
    case 'too_big':
      return `Member must have ${measureOf(issue.origin)} less than or equal to ${issue.maximum}`;
    case 'too_small':
      return `Member must have ${measureOf(issue.origin)} greater than or equal to ${issue.minimum}`;
    case 'invalid_value':
      return `Member must satisfy enum value set: [${issue.values.map(String).join(', ')}]`;
    case 'invalid_format':
      return `Member must satisfy regular expression pattern: ${issue.pattern ?? issue.format}`;
    default:
      return issue.message;
  }
}

const measureOf = (origin: string): string => (origin === 'string' || origin === 'array' ? 'length' : 'value');
