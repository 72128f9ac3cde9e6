// The logger of the functions' clients: inputs and outputs are not gone through for a logger that drops them.
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { SSMClientConfig } from '@aws-sdk/client-ssm';
import { describe, expect, it } from '@jest/globals';

import { noCalls } from '../../../src/aws/call-logger.ts';

/** How often the SDK reads a member of an input. */
async function reads(more: Pick<SSMClientConfig, 'logger'>, statusCode: number, answer: unknown): Promise<number> {
  let count = 0;
  const body = Buffer.from(JSON.stringify(answer));
  const client = new SSMClient({
    ...{ region: 'eu-west-1', maxAttempts: 1, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
    requestHandler: { handle: () => Promise.resolve({ response: { statusCode, headers: {}, body } }) } as never,
    ...more,
  });
  const input = {
    get Name(): string {
      count += 1;
      return '/skep/dev/webhook';
    },
  };
  await client.send(new GetParameterCommand(input)).catch(() => undefined);
  return count;
}

describe('a call', () => {
  it.each([
    ['that succeeds', 200, { Parameter: { Name: '/skep/dev/webhook', Value: 'a secret' } }],
    ['that is refused', 400, { __type: 'ParameterNotFound' }],
  ])('%s is not gone through for nobody', async (_, statusCode, answer) => {
    const serialized = await reads({ logger: noCalls }, statusCode, answer);
    expect(serialized).toBeGreaterThan(0);
    expect(serialized).toBeLessThan(await reads({}, statusCode, answer));
  });
});
