// Gives every error the name by which the state machines decide whether to try again.
import type { MiddlewareObj } from '@middy/core';

import { asFlowError } from '../../aws/errors.ts';

export function nameErrors(): MiddlewareObj {
  return {
    onError: (request) => {
      const named = asFlowError(request.error);
      request.error = named instanceof Error ? named : new Error(String(named));
    },
  };
}
