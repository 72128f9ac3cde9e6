// STS: who am I. The one operation that people's tools ask first.
import { z } from 'zod';

import type { Caller, Service } from './service.ts';

const nothing = z.strictObject({});

export function securityToken(account: string, arnOf: (caller: Caller) => string): Service {
  return {
    name: 'sts',
    operations: {
      GetCallerIdentity: (input, caller) => {
        nothing.parse(input);
        return { Account: account, UserId: caller.name, Arn: arnOf(caller) };
      },
    },
  };
}
