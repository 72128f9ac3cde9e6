// The bundles of the functions: small, since each cold start reads and compiles its own, and each lab all of them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

import type { StackFunction } from '../../lab/aws/stack/stack.ts';
import plugins from '../../resources/bundles.ts';
import { PACKAGING_TIMEOUT, packaged } from './packaged.ts';

const require = createRequire(import.meta.url);
const folder = mkdtempSync(path.join(tmpdir(), 'skep-bundles-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Bundles and imports a module that stands where packages are. */
async function imported(name: string, source: string, withPlugins: boolean): Promise<Record<string, unknown>> {
  // In a folder that is there after `npm ci` alone: esbuild resolves nothing from one that is not.
  const entry = path.resolve('node_modules', `${name}.js`);
  const outfile = path.join(folder, `${name}-${String(withPlugins)}.cjs`);
  const stdin = { contents: source, resolveDir: path.dirname(entry), sourcefile: entry };
  const supported = { 'dynamic-import': false };
  const made = { outfile, bundle: true, platform: 'node', supported } as const;
  await build({ stdin, ...made, mainFields: ['module', 'main'], plugins: withPlugins ? plugins : [] });
  return require(outfile) as Record<string, unknown>;
}

type Ssm = Pick<typeof import('@aws-sdk/client-ssm'), 'SSMClient' | 'SendCommandCommand'>;

type Dynamo = Pick<typeof import('@aws-sdk/client-dynamodb'), 'DynamoDBClient' | 'TransactWriteItemsCommand'>;

/** A class and a function as esbuild keeps their names, with identifiers made short. */
const NAMES = [/\(this,"FlowError"\)/, /,"makeHandler"\)/];

describe('the bundle of each function', () => {
  let functions: readonly StackFunction[];
  beforeAll(async () => {
    ({ functions } = (await packaged('dev')).stack);
  }, PACKAGING_TIMEOUT);

  const texts = (): (readonly [string, string])[] =>
    functions.map(({ key, code }) => [key, readFileSync(code, 'utf8')] as const);

  it('is under 200 KB in its zip', () => {
    const sizes = texts().map(([key, text]) => [key, deflateRawSync(text).length]);

    expect(sizes).toHaveLength(10);
    expect(sizes.filter(([, size]) => Number(size) >= 200_000)).toEqual([]);
  });

  it('keeps the names of classes and functions: state machines match those of errors, and stack traces show the others', () => {
    // Not the texts themselves in an expectation: what it printed would be as long as they are.
    const kept = texts().map(([key, text]) => [key, NAMES.map((name) => name.test(text))]);

    expect(kept).toEqual(kept.map(([key]) => [key, NAMES.map(() => true)]));
  });

  it('has neither the languages of zod, nor sources of credentials that Lambda has not, nor classes of errors that nobody looks at', () => {
    for (const [key, text] of texts()) {
      // A word of zod's Hungarian, the operations that the SDK calls for credentials of other kinds, an error of SSM.
      for (const part of ['bemenet', 'AssumeRoleWithWebIdentity', 'GetRoleCredentials', 'AssociationLimitExceeded']) {
        expect([key, part, text.includes(part)]).toEqual([key, part, false]);
      }
    }
  });
});

describe('the plugins of esbuild', () => {
  it('leave out what a package imports only when it needs it, and that import then fails by name', async () => {
    const source =
      "export const later = () => import('left-out-of-bundles'); export const own = () => import('node:path');";
    const { later, own } = (await imported('later', source, true)) as Record<string, () => Promise<unknown>>;

    await expect(later?.()).rejects.toThrow('left-out-of-bundles is not in the bundles of the functions');
    await expect(own?.()).resolves.toHaveProperty('join');
  });

  it.each(['ec2', 'auto-scaling', 'ssm'])(
    'change nothing in what the SDK says of the shapes of %s',
    async (service) => {
      const file = require.resolve(`@aws-sdk/client-${service}/package.json`);
      const source = `export * from ${JSON.stringify(path.join(path.dirname(file), 'dist-es', 'schemas', 'schemas_0.js'))};`;
      const [as, changed] = [await imported(service, source, false), await imported(service, source, true)];

      expect(Object.keys(as).length).toBeGreaterThan(100);
      expect(JSON.stringify(Object.entries(changed))).toBe(JSON.stringify(Object.entries(as)));
    },
  );

  it.each([true, false])('change nothing in what an error of SSM says (%s)', async (withPlugins) => {
    const source = "export { SSMClient, SendCommandCommand } from '@aws-sdk/client-ssm';";
    const { SSMClient, SendCommandCommand } = (await imported('refused', source, withPlugins)) as unknown as Ssm;
    const body = { __type: 'com.amazonaws.ssm#InvalidInstanceId', message: 'Instances [[i-1]] not in a valid state' };
    const answer = { statusCode: 400, headers: { 'x-amzn-requestid': 'one' }, body: Buffer.from(JSON.stringify(body)) };
    const client = new SSMClient({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
      requestHandler: { handle: () => Promise.resolve({ response: answer }) },
    });
    const refused = client.send(new SendCommandCommand({ DocumentName: 'skep-dev-join', InstanceIds: ['i-1'] }));

    await expect(refused).rejects.toMatchObject({
      name: 'InvalidInstanceId',
      message: body.message,
      $fault: 'client',
      $metadata: { httpStatusCode: 400, requestId: 'one' },
    });
  });

  it('leave in what a cancelled transaction of DynamoDB says', async () => {
    const source = "export { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';";
    const { DynamoDBClient, TransactWriteItemsCommand } = (await imported(
      'cancelled',
      source,
      true,
    )) as unknown as Dynamo;
    const body = {
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: 'Transaction cancelled',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: { pk: { S: 'one' } } }],
    };
    const answer = { statusCode: 400, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    const client = new DynamoDBClient({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
      requestHandler: { handle: () => Promise.resolve({ response: answer }) },
    });

    await expect(client.send(new TransactWriteItemsCommand({ TransactItems: [] }))).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      message: 'Transaction cancelled',
      CancellationReasons: body.CancellationReasons,
    });
  });

  it('make esbuild leave out the shapes of operations that nobody calls', async () => {
    const source = "export { DescribeInstancesCommand as only } from '@aws-sdk/client-ec2';";
    await imported('only', source, true);
    const text = readFileSync(path.join(folder, 'only-true.cjs'), 'utf8');

    expect(text).toContain('DescribeInstancesResult');
    expect(text).not.toContain('DescribeVpcPeeringConnections');
  });
});
