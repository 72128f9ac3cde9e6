// How AWS words it that somebody may not.
import { AwsError } from '../services/service.ts';
import type { Decision } from './decision.ts';

export interface Refused {
  /** The ARN of whoever called. */
  readonly who: string;
  readonly action: string;
  readonly resource: string | undefined;
  readonly decision: Decision & { readonly allowed: false };
}

export function wordsOf({ who, action, resource, decision }: Refused): string {
  const article = decision.kind === 'identity' ? 'an identity-based' : 'a resource-based';
  const reason = decision.explicit
    ? `with an explicit deny in ${article} policy`
    : `because no ${decision.kind}-based policy allows the ${action} action`;
  const on = resource === undefined ? '' : ` on resource: ${resource}`;
  return `User: ${who} is not authorized to perform: ${action}${on} ${reason}`;
}

/** Each protocol has a code of its own. Parameter Store passes on what KMS said. */
export function accessDenied(service: string, refused: Refused): AwsError {
  const words = wordsOf(refused);
  switch (service) {
    case 'ec2':
      return new AwsError('UnauthorizedOperation', `You are not authorized to perform this operation. ${words}`, 403);
    case 'autoscaling':
    case 'sts':
      return new AwsError('AccessDenied', words, 403);
    case 'lambda':
      return new AwsError('AccessDeniedException', words, 403);
    case 'sns':
      return new AwsError('AuthorizationError', words, 403);
    default:
      return new AwsError(
        'AccessDeniedException',
        refused.action.startsWith('kms:')
          ? `${words} (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException)`
          : words,
      );
  }
}

/** The access key is none that was given to anybody, or not with this session token. */
export function unknownKey(service: string): AwsError {
  const message = 'The security token included in the request is invalid.';
  switch (service) {
    case 'ec2':
      return new AwsError('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
    case 'autoscaling':
    case 'sns':
    case 'sts':
      return new AwsError('InvalidClientTokenId', message, 403);
    default:
      return new AwsError('UnrecognizedClientException', message);
  }
}
