// The capabilities of a request: CloudFormation makes roles only for a request that says it may.
import { AwsError } from '../services/service.ts';
import type { Template } from './template.ts';

const IAM_TYPES = ['AWS::IAM::Role', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::InstanceProfile'];
const IAM_NAMES = ['RoleName', 'ManagedPolicyName', 'InstanceProfileName'];

/** The capability that it needs; undefined for none. */
export function capabilityOf({ Resources }: Template): string | undefined {
  const concerned = Object.values(Resources).filter(({ Type }) => IAM_TYPES.includes(Type));
  if (concerned.length === 0) {
    return undefined;
  }
  const named = concerned.some(({ Properties }) => IAM_NAMES.some((name) => Properties[name] !== undefined));
  return named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM';
}

/** @throws {AwsError} */
export function checkCapabilities(template: Template, given: readonly string[]): void {
  const needed = capabilityOf(template);
  const isGiven = needed === undefined || given.includes('CAPABILITY_NAMED_IAM') || given.includes(needed);
  if (!isGiven) {
    throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`);
  }
}
