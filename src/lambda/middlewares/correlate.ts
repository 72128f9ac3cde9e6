// Puts what an invocation is about on every line that it logs, so that one query finds all lines of one action.
import type { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';

const KEYS = ['cluster', 'instance', 'execution', 'step'] as const;

/** Comes after the input was parsed. The logger removes the keys again at the end (`resetKeys`), since environments are used again. */
export function correlate(logger: Pick<Logger, 'appendKeys'>): MiddlewareObj {
  return {
    before: ({ event }) => {
      logger.appendKeys(keysOf(event));
    },
  };
}

/** Of the input itself, or of the plan that an execution carries. Task tokens are capabilities, and never among them. */
export function keysOf(input: unknown): Record<string, string> {
  const own = asRecord(input);
  const all = { ...asRecord(own['plan']), ...own };
  return Object.fromEntries(
    KEYS.flatMap((key) => {
      const value = all[key];
      return typeof value === 'string' && value !== '' ? [[key, value]] : [];
    }),
  );
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
