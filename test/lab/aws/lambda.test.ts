import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';

import { FunctionDied } from '../../../lab/aws/function-died.ts';
import { Lambda } from '../../../lab/aws/lambda.ts';
import { Clock } from '../../../lab/time/clock.ts';
import { seededRandom } from '../../../lab/time/random.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skep-lambda-'));
const code = path.join(folder, 'handler.cjs');
writeFileSync(
  code,
  `const timers = require('node:timers');
  let calls = 0;
  exports.handler = async (asked) => {
    calls += 1;
    const guards = [setTimeout(() => undefined, 60_000), timers.setTimeout(() => undefined, 60_000)];
    for (const one of asked) {
      await (await fetch(process.env.AWS_ENDPOINT_URL + '/' + one)).text();
    }
    guards.forEach(clearTimeout);
    return calls;
  };`,
);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let asked: string[];
let lambda: Lambda;
beforeEach(() => {
  asked = [];
  lambda = new Lambda({
    clock: new Clock({ virtual: true, start: 0 }),
    random: seededRandom(1),
    functions: [
      {
        ...{ name: 'one', arn: 'arn:one', code, export: 'handler' },
        environment: {},
        timeout: 30,
        memory: 128,
        role: '',
      },
    ] as never,
    endpoint: 'http://127.0.0.1:4566',
    serve: ({ url }) => {
      asked.push(url);
      return url === '/dies'
        ? Promise.reject(new FunctionDied())
        : Promise.resolve({ status: 200, headers: {}, body: '' });
    },
    region: 'eu-west-1',
    credentials: () => ({ accessKeyId: 'A', secretAccessKey: 'B', sessionToken: 'C' }),
    onLog: () => undefined,
  });
});

describe('a function that dies in its midst', () => {
  it('ends with the error of a runtime that has exited, and calls nothing any more', async () => {
    const outcome = await lambda.invoke('one', ['before', 'dies', 'after']);

    expect(outcome).toMatchObject({ ok: false, errorType: 'Runtime.ExitError' });
    expect(asked).toEqual(['/before', '/dies']);
  });

  it('knows nothing of itself in its next call', async () => {
    expect(await lambda.invoke('one', [])).toEqual({ ok: true, payload: 1 });
    expect(await lambda.invoke('one', [])).toEqual({ ok: true, payload: 2 });
    await lambda.invoke('one', ['dies']);
    expect(await lambda.invoke('one', [])).toEqual({ ok: true, payload: 1 });
  });

  it('leaves no timer, which would keep all that it knew', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    await lambda.invoke('one', ['dies']);

    expect(timers()).toBe(before);
  });

  it('takes no other call with it that is under way', async () => {
    const [dead, alive] = await Promise.all([lambda.invoke('one', ['dies']), lambda.invoke('one', ['a', 'b', 'c'])]);

    expect([dead.ok, alive.ok]).toEqual([false, true]);
  });
});
