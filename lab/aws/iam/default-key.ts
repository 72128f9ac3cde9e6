// The key that Parameter Store encrypts with where nobody names another: AWS makes it for each account, and it lets everybody in the account in.
import type { Place, StackKey } from '../stack/stack.ts';

/** The alias by which it may be named, too. */
export const DEFAULT_KEY = 'alias/aws/ssm';

/** Its policy as AWS documents it: all principals of the account, through Parameter Store, whatever their own policies say but for a Deny. */
export function defaultKeyOf({ partition, region, account }: Place): StackKey {
  const id = '5b1c0a7e-0000-4000-8000-00000000055a';
  return {
    logicalId: 'DefaultKey',
    id,
    arn: `arn:${partition}:kms:${region}:${account}:key/${id}`,
    aliases: [DEFAULT_KEY],
    policy: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Allow access through SSM for all principals in the account that are authorized to use SSM',
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: [
            'kms:Encrypt',
            'kms:Decrypt',
            'kms:ReEncrypt*',
            'kms:GenerateDataKey*',
            'kms:CreateGrant',
            'kms:DescribeKey',
          ],
          Resource: '*',
          Condition: {
            StringEquals: { 'kms:ViaService': `ssm.${region}.amazonaws.com`, 'kms:CallerAccount': account },
          },
        },
      ],
    },
  };
}
