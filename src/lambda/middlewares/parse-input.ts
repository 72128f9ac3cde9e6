// Gives the handler its input as its schema has it, so that no function reads what nobody has checked.
import type { MiddlewareObj } from '@middy/core';
import * as z from 'zod';

import { FlowError } from '../../core/errors.ts';

/** @throws FlowError `BadInput`, which is final, with all that is wrong: the same input will not become right. */
export function parseInput(schema: z.ZodType): MiddlewareObj {
  return {
    before: (request) => {
      const input = schema.safeParse(request.event);
      if (!input.success) {
        throw new FlowError('BadInput', z.prettifyError(input.error));
      }
      request.event = input.data;
    },
  };
}
