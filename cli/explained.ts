// Errors of AWS that a person can do something about.
import { errorName } from '../src/aws/errors.ts';
import { UsageError } from './errors.ts';

/** What a person can do about it, where the SDK's own words do not say. */
export async function explained<T>(asked: Promise<T>, stage: string): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (errorName(error) === 'ResourceNotFoundException') {
      throw new UsageError(
        `there is no table skep-${stage} here: is stage ${stage} deployed in this account and region?`,
      );
    }
    if (errorName(error) === 'CredentialsProviderError') {
      throw new UsageError(
        `no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${message})`,
      );
    }
    if (message === 'Region is missing') {
      throw new UsageError('no AWS region: set AWS_REGION, or region in ~/.aws/config');
    }
    throw error;
  }
}
