import { describe, expect, it } from '@jest/globals';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { z } from 'zod';

import { correlate, keysOf } from '../../../src/lambda/middlewares/correlate.ts';
import { nameErrors } from '../../../src/lambda/middlewares/name-errors.ts';
import { parseInput } from '../../../src/lambda/middlewares/parse-input.ts';

const context = {} as Context;
const schema = z.object({ cluster: z.string(), count: z.number().default(1) });

describe('the middleware that parses the input', () => {
  const handler = middy<unknown, unknown>()
    .use(parseInput(schema))
    .handler((event) => Promise.resolve(event));

  it('hands on what the schema makes of it', async () => {
    expect(await handler({ cluster: 'prod', more: 'of it' }, context)).toEqual({ cluster: 'prod', count: 1 });
  });

  it('ends with BadInput and says what is wrong, before the handler runs', async () => {
    await expect(handler({ cluster: 7 }, context)).rejects.toMatchObject({
      name: 'BadInput',
      message: expect.stringContaining('cluster'),
    });
  });
});

describe('the middleware that names errors', () => {
  const failing = (thrown: unknown) =>
    middy<unknown, unknown>()
      .use(nameErrors())
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- libraries throw anything
      .handler(() => Promise.reject(thrown));

  it('says Throttled of what AWS throttles, and leaves other names as they are', async () => {
    const throttled = Object.assign(new Error('not now'), { name: 'ThrottlingException', $metadata: {} });
    await expect(failing(throttled)({}, context)).rejects.toMatchObject({ name: 'Throttled' });
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: {} });
    await expect(failing(denied)({}, context)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('makes an error of whatever else was thrown', async () => {
    await expect(failing('a text')({}, context)).rejects.toBeInstanceOf(Error);
  });
});

describe('the middleware that correlates log lines', () => {
  it('appends what the invocation is about', async () => {
    const appended: Record<string, unknown>[] = [];
    const logger = { appendKeys: (keys: Record<string, unknown>) => void appended.push(keys) };
    const handler = middy<unknown, unknown>()
      .use(correlate(logger))
      .handler(() => Promise.resolve('done'));
    expect(await handler({ cluster: 'prod', execution: 'arn' }, context)).toBe('done');
    expect(appended).toEqual([{ cluster: 'prod', execution: 'arn' }]);
  });

  it.each([
    [
      'the plan that an execution carries',
      { plan: { cluster: 'prod', instance: 'i-1' } },
      { cluster: 'prod', instance: 'i-1' },
    ],
    ['its own before those of the plan', { step: 'Join', plan: { step: 'x' } }, { step: 'Join' }],
    ['neither a task token nor what is no text', { taskToken: 'secret', cluster: 7, instance: '' }, {}],
    ['nothing where there is no object', 'prod', {}],
  ])('reads %s', (_what, input, keys) => {
    expect(keysOf(input)).toEqual(keys);
  });
});
