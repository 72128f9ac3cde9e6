// Whom the lab's server answers.
import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { isOwn, listen } from '../../../lab/aws/http-server.ts';
import type { Listening } from '../../../lab/aws/http-server.ts';

let lab: Listening;
let served = 0;
beforeAll(async () => {
  const serve = (): Promise<{ status: number; headers: Record<string, string>; body: string }> => {
    served += 1;
    return Promise.resolve({ status: 200, headers: {}, body: 'answered' });
  };
  lab = await listen(serve, 0);
});
afterAll(() => lab.close());

/** The status, with that host in the header. */
const ask = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(lab.url, { method: 'POST', headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.once('error', reject);
    asked.end('{}');
  });

describe('the host of a request', () => {
  it.each(['127.0.0.1:4566', '127.0.0.1', 'localhost:80', 'LOCALHOST', '[::1]:4566', 'sts.localhost'])(
    '%s is the lab',
    (host) => {
      expect(isOwn(host)).toBe(true);
    },
  );

  it.each(['evil.example:4566', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', '', undefined])(
    '%j is somebody else, whose page must not reach it',
    (host) => {
      expect(isOwn(host)).toBe(false);
    },
  );

  it('decides before anything is carried out', async () => {
    const before = served;

    expect(await ask('rebound.example:4566')).toBe(421);
    expect(served).toBe(before);
    expect(await ask('localhost:4566')).toBe(200);
    expect(served).toBe(before + 1);
  });
});
