// STS: who am I. The one operation that people's tools ask first.
import type { Service } from './service.ts';

export function securityToken(account: string): Service {
  return {
    name: 'sts',
    operations: {
      GetCallerIdentity: (_input, caller) => ({
        Account: account,
        UserId: caller.name,
        Arn: `arn:aws:iam::${account}:user/${caller.name}`,
      }),
    },
  };
}
