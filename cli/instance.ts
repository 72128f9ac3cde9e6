// The instance that a command is about.
import { instanceId } from '../src/core/names.ts';
import { UsageError } from './errors.ts';

/** @throws {UsageError} */
export function checkInstance(typed: string): void {
  if (!instanceId.safeParse(typed).success) {
    throw new UsageError(`${typed}: an EC2 instance id like i-0123456789abcdef0 is wanted`);
  }
}
