// Parameter Store: the join tokens of a cluster, which documents publish there.
import { DeleteParameterCommand } from '@aws-sdk/client-ssm';
import type { SSMClient } from '@aws-sdk/client-ssm';

import { joinTokenName, nodeRole } from '../core/names.ts';
import { errorName } from './errors.ts';

/** Nobody can join by them any more. What was deleted before is deleted. */
export async function deleteJoinTokens(ssm: SSMClient, stage: string, cluster: string): Promise<void> {
  for (const role of nodeRole.options) {
    try {
      await ssm.send(new DeleteParameterCommand({ Name: joinTokenName(stage, cluster, role) }));
    } catch (error) {
      if (errorName(error) !== 'ParameterNotFound') {
        throw error;
      }
    }
  }
}
