// What must outlive mistakes: the table; and what protects the join tokens: the key and the policies of the nodes.
import { beforeAll, describe, expect, it } from '@jest/globals';

import type { PolicyStatement, Stack } from '../../lab/aws/stack/stack.ts';
import type { Template } from '../../lab/aws/stack/template.ts';
import { actionsOf, list, packaged, PACKAGING_TIMEOUT } from './packaged.ts';

let stack: Stack;
let template: Template;
beforeAll(async () => {
  ({ stack, template } = await packaged('dev'));
}, PACKAGING_TIMEOUT);

const TOKENS = 'arn:aws:ssm:eu-west-1:123456789012:parameter/skep/dev/${aws:PrincipalTag/skep:cluster}/join-token';
const VIA_SSM = { 'kms:ViaService': 'ssm.eu-west-1.amazonaws.com' };
const CONTEXT = 'kms:EncryptionContext:PARAMETER_ARN';

describe('the table', () => {
  it('survives the removal of the stack, but not a deployment that made it and failed: that one would refuse all others', () => {
    expect(template.Resources['Table']).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
    // A protected table could not be taken back: resources/plugin.js protects it when all is there.
    expect(template.Resources['Table']?.Properties).not.toHaveProperty('DeletionProtectionEnabled');
  });

  it('is encrypted, can be restored to any second, and costs nothing when nothing happens', () => {
    expect(template.Resources['Table']?.Properties).toMatchObject({
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      BillingMode: 'PAY_PER_REQUEST',
    });
  });

  it('has the keys and the expiry that the functions write', () => {
    expect(stack.table).toMatchObject({
      name: 'skep-dev',
      partitionKey: 'pk',
      sortKey: 'sk',
      ttlAttribute: 'expiresAt',
    });
  });
});

describe('the key of the join tokens', () => {
  const statements = (): readonly PolicyStatement[] => stack.keys[0]?.policy.Statement ?? [];
  /** But for the webhook, which has tests of its own. */
  const allowing = (action: string): readonly PolicyStatement[] =>
    statements()
      .filter((it) => it.Sid?.endsWith('Webhook') !== true)
      .filter((it) => list(it.Action).some((pattern) => pattern === action || pattern.includes('*')));

  it('rotates', () => {
    expect(stack.keys).toHaveLength(1);
    expect(template.Resources['JoinTokenKey']?.Properties['EnableKeyRotation']).toBe(true);
  });

  it('decrypts only through Parameter Store, and only the join token of the cluster and role that the caller is tagged with', () => {
    expect(allowing('kms:Decrypt').map((it) => it.Condition)).toEqual([
      { StringEquals: { ...VIA_SSM, [CONTEXT]: `${TOKENS}/\${aws:PrincipalTag/skep:role}` } },
    ]);
  });

  it.each(['kms:Encrypt', 'kms:GenerateDataKey'])(
    'allows %s only to managers, for the two join tokens of their cluster',
    (action) => {
      expect(allowing(action).map((it) => it.Condition)).toEqual([
        {
          StringEquals: {
            ...VIA_SSM,
            'aws:PrincipalTag/skep:role': 'manager',
            [CONTEXT]: [`${TOKENS}/worker`, `${TOKENS}/manager`],
          },
        },
      ]);
    },
  );

  it('can be administered, so that it cannot become unmanageable, but neither used nor lent by that', () => {
    const [administration] = statements().filter((it) => it.Condition === undefined);
    expect(list(administration?.Action)).toContain('kms:PutKeyPolicy');
    const uses = /\*|Decrypt|Encrypt|GenerateDataKey|GenerateMac|Sign|CreateGrant|DeriveSharedSecret/;
    expect(list(administration?.Action).filter((it) => uses.test(it))).toEqual([]);
  });

  it('lets `verdict` alone read the URL of the webhook, and whoever may write it not read it', () => {
    const webhook = statements().filter((it) => it.Sid?.endsWith('Webhook'));
    const StringEquals = { ...VIA_SSM, [CONTEXT]: 'arn:aws:ssm:eu-west-1:123456789012:parameter/skep/dev/webhook' };
    const role = stack.roles.find(({ logicalId }) => logicalId === 'VerdictFunctionRole')?.arn;
    expect(webhook).toMatchObject([
      {
        Action: 'kms:Decrypt',
        Principal: { AWS: '*' },
        Condition: {
          StringEquals: { ...StringEquals, 'aws:PrincipalArn': role, 'kms:CallerAccount': '123456789012' },
        },
      },
      { Action: 'kms:Encrypt', Condition: { StringEquals } },
    ]);
  });

  it('names no role as a principal: KMS refuses one that IAM does not know everywhere yet', () => {
    const principals = statements().map(({ Principal, Condition }) => [
      JSON.stringify(Principal),
      Condition?.['StringEquals']?.['aws:PrincipalArn'] === undefined,
    ]);
    expect(new Set(principals.map(String))).toEqual(
      new Set(['{"AWS":"arn:aws:iam::123456789012:root"},true', '{"AWS":"*"},false']),
    );
  });

  it('has no statement without conditions but that for administration', () => {
    expect(
      statements()
        .filter((it) => it.Condition === undefined)
        .map((it) => it.Sid),
    ).toEqual(['Administration']);
  });
});

describe('the policies of the nodes', () => {
  const policy = (logicalId: string): readonly PolicyStatement[] =>
    stack.managedPolicies.find((it) => it.logicalId === logicalId)?.document.Statement ?? [];
  const allowed = (logicalId: string): readonly PolicyStatement[] =>
    policy(logicalId).filter(({ Effect }) => Effect === 'Allow');
  const resources = (logicalId: string, action: string): readonly string[] =>
    allowed(logicalId)
      .filter((it) => list(it.Action).includes(action))
      .flatMap((it) => list(it.Resource));

  it('let a worker read the worker join token of its cluster, and nothing else', () => {
    expect(actionsOf(allowed('WorkerNodePolicy'))).toEqual(['kms:Decrypt', 'ssm:GetParameter']);
    expect(resources('WorkerNodePolicy', 'ssm:GetParameter')).toEqual([`${TOKENS}/worker`]);
  });

  it('let a manager read the manager join token and publish both', () => {
    expect(actionsOf(allowed('ManagerNodePolicy'))).toEqual([
      'kms:Decrypt',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'ssm:GetParameter',
      'ssm:PutParameter',
    ]);
    expect(resources('ManagerNodePolicy', 'ssm:GetParameter')).toEqual([`${TOKENS}/manager`]);
    expect(resources('ManagerNodePolicy', 'ssm:PutParameter')).toEqual([`${TOKENS}/worker`, `${TOKENS}/manager`]);
  });

  it.each([
    ['WorkerNodePolicy', 'kms:Decrypt', [`${TOKENS}/worker`]],
    ['ManagerNodePolicy', 'kms:Decrypt', [`${TOKENS}/manager`]],
    ['ManagerNodePolicy', 'kms:Encrypt', [`${TOKENS}/worker`, `${TOKENS}/manager`]],
  ])('%s allows %s with the key of the join tokens for these parameters only', (logicalId, action, parameters) => {
    const found = allowed(logicalId).filter((it) => list(it.Action).includes(action));
    expect(found.map((it) => it.Resource)).toEqual([stack.keys[0]?.arn]);
    expect(found.map((it) => list(it.Condition?.['StringEquals']?.[CONTEXT]))).toEqual([parameters]);
    expect(found.map((it) => it.Condition?.['StringEquals']?.['kms:ViaService'])).toEqual([VIA_SSM['kms:ViaService']]);
  });

  it('deny a manager to publish a join token of the stage under any other key', () => {
    expect(policy('ManagerNodePolicy').filter(({ Effect }) => Effect === 'Deny')).toEqual([
      {
        Sid: 'PublishUnderNoOtherKey',
        Effect: 'Deny',
        Action: ['kms:Encrypt', 'kms:GenerateDataKey'],
        NotResource: stack.keys[0]?.arn,
        Condition: {
          StringLike: { [CONTEXT]: 'arn:aws:ssm:eu-west-1:123456789012:parameter/skep/dev/*/join-token/*' },
        },
      },
    ]);
  });

  it('do not collide with those of the same stage in another region, since IAM is global', () => {
    expect(stack.managedPolicies.map(({ name }) => name)).toEqual([
      'skep-dev-worker-node-eu-west-1',
      'skep-dev-manager-node-eu-west-1',
    ]);
  });
});
