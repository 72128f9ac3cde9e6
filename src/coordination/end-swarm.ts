// Records that a swarm has ended, for the step of its last manager and for a person who erases what has no instance left.
import type { SSMClient } from '@aws-sdk/client-ssm';

import { deleteJoinTokens } from '../aws/join-tokens.ts';
import type { End, Erasures } from '../store/erasures.ts';

/**
 * The cluster is then as it was before its founding. The join tokens are deleted first: as soon as the state says `new`, another instance may
 * found the swarm and publish its own tokens, and a second try of this must not delete those.
 *
 * @returns false if another execution has taken the last manager over
 */
export async function endSwarm(
  { erasures, ssm, stage }: { readonly erasures: Erasures; readonly ssm: SSMClient; readonly stage: string },
  end: End,
): Promise<boolean> {
  if ((await erasures.read(end.cluster))?.swarmId === end.swarmId) {
    await deleteJoinTokens(ssm, stage, end.cluster);
  }
  return erasures.end(end);
}
