// The security groups of the account with their rules: those that stand in them, and those that are resources of their own.
import { z } from 'zod';

import type { SecurityGroup } from '../services/security-groups.ts';
import type { Account } from './account.ts';
import { textOf } from './handler.ts';

const port = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ])
  .optional();
const rule = z.looseObject({
  IpProtocol: z.coerce.string(),
  FromPort: port,
  ToPort: port,
  SourceSecurityGroupId: z.string().optional(),
  CidrIp: z.string().optional(),
});
const NAMED: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '1': 'icmp' };

export function securityGroupsOf(account: Account): SecurityGroup[] {
  const own = account.all('AWS::EC2::SecurityGroupIngress');
  return account.all('AWS::EC2::SecurityGroup').map(({ id, properties }) => {
    const within = z.array(rule).parse(properties['SecurityGroupIngress'] ?? []);
    const beside = own.filter((one) => one.properties['GroupId'] === id).map((one) => rule.parse(one.properties));
    return {
      id,
      name: textOf(properties['GroupName']) || id,
      description: textOf(properties['GroupDescription']),
      vpcId: textOf(properties['VpcId']),
      owner: account.place.account,
      ingress: [...within, ...beside].map((one) => ({
        protocol: NAMED[one.IpProtocol] ?? one.IpProtocol,
        ports: one.FromPort === undefined ? undefined : [one.FromPort, one.ToPort ?? one.FromPort],
        group: one.SourceSecurityGroupId,
        network: one.CidrIp,
      })),
    };
  });
}
