// That V8 lays out the configuration of a client anew: by its own word, since nothing but the time shows it.
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';

import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { SSMClientConfig } from '@aws-sdk/client-ssm';
import { expect, it } from '@jest/globals';

import { laidOut } from '../../../src/aws/laid-out.ts';

setFlagsFromString('--allow-natives-syntax');
const isPlain = runInThisContext('(object) => %HasFastProperties(object)') as (object: object) => boolean;
// It is compiled when it is first called.
isPlain({});
setFlagsFromString('--no-allow-natives-syntax');

const config = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  requestHandler: {
    handle: () =>
      Promise.resolve({ response: { statusCode: 200, headers: {}, body: new Uint8Array(Buffer.from('{}')) } }),
  },
} as unknown as SSMClientConfig;

async function afterCalls(client: SSMClient): Promise<boolean> {
  for (let call = 0; call < 20; call += 1) {
    await client.send(new GetParameterCommand({ Name: 'parameter' }));
  }
  return isPlain(client.config);
}

it('a configuration is a plain object after the first calls, as it is not by itself', async () => {
  expect(await afterCalls(new SSMClient(config))).toBe(false);
  expect(await afterCalls(laidOut(new SSMClient(config)))).toBe(true);
});

it('it is the same client, with the same configuration', () => {
  const client = new SSMClient(config);
  const { config: before } = client;

  expect(laidOut(client)).toBe(client);
  expect(client.config).toBe(before);
});
