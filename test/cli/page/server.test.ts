// Who may ask the page's server: the browser that was given the address, and nobody else on this machine or in it.
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { act, whyNot } from '../../../cli/page/acts.ts';
import { servePage } from '../../../cli/page/server.ts';
import type { ServedPage } from '../../../cli/page/server.ts';
import { Watch } from '../../../cli/page/watch.ts';
import { healthy } from './facts.ts';

let page: ServedPage;
let port = 0;
let key = '';
const asked: unknown[] = [];
let looks = 0;

beforeAll(async () => {
  const watch = new Watch(() => {
    looks += 1;
    return Promise.resolve(healthy());
  }, 0);
  page = await servePage(0, watch, {
    settings: { changes: true },
    table: () => Promise.resolve('<p>table'),
    why: () => Promise.reject(new Error('nobody knows')),
    execution: () => Promise.resolve({}),
    act: (body) => {
      asked.push(body);
      return Promise.resolve({ told: 'done' });
    },
  });
  const url = new URL(page.url);
  port = Number(url.port);
  key = url.searchParams.get('key') ?? '';
});
afterAll(() => page.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function ask(path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  const own = { host: `127.0.0.1:${port}`, cookie: `skep-page-${port}=${key}` };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST', headers: { ...own, ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const ORIGIN = (): Record<string, string> => ({
  origin: `http://127.0.0.1:${port}`,
  'content-type': 'application/json',
});

describe('the page', () => {
  it('listens on this machine only', () => {
    expect(page.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });

  it('takes the key out of the address, and keeps it in a cookie that no script and no other site can use', async () => {
    const { status, headers } = await ask(`/?key=${key}`, { cookie: '' });
    expect(status).toBe(303);
    expect(headers.location).toBe('/');
    expect(headers['set-cookie']).toEqual([`skep-page-${port}=${key}; HttpOnly; SameSite=Strict; Path=/`]);
  });

  it('serves its files with a policy that lets nothing else in', async () => {
    for (const path of ['/', '/page.js', '/map.js', '/panel.js', '/pictures.js', '/words.js', '/page.css', '/htm.js']) {
      const { status, headers, body } = await ask(path);
      expect([path, status]).toEqual([path, 200]);
      expect(headers['content-security-policy']).toMatch(/^default-src 'self';/);
      expect(body.length).toBeGreaterThan(100);
    }
    // Nothing that the policy would have to make an exception for.
    const { body } = await ask('/');
    expect(body).not.toMatch(/<script(?![^>]*src=)|style="|\son[a-z]+="|https?:/);
  });

  it.each(['/../package.json', '/%2e%2e/package.json', '/constructor', '/assets/page.js', '/page.ts', '//page.js'])(
    'has nothing at %s',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  it.each([
    ['another name that points here (DNS rebinding)', 421, { host: 'evil.example' }],
    ['the same with the port', 421, { host: 'evil.example:4567' }],
    ['another port of this machine', 421, { host: '127.0.0.1:1' }],
    ['a page of another origin', 403, { origin: 'https://evil.example' }],
    ['a page without an origin, as in a sandbox', 403, { origin: 'null' }],
    ['somebody without the key', 403, { cookie: '' }],
    ['somebody with another key', 403, { cookie: 'skep-page-1=x' }],
  ])('refuses %s', async (_who, status, headers) => {
    for (const path of ['/', '/frames', '/settings', '/why?instance=x', '/table']) {
      expect((await ask(path, headers)).status).toBe(status);
    }
    expect((await ask('/act', { ...ORIGIN(), ...headers }, '{}')).status).toBe(status);
    expect(asked).toEqual([]);
  });

  it('takes a change from its own page only, in JSON', async () => {
    expect((await ask('/act', { 'content-type': 'application/json' }, '{}')).status).toBe(403);
    expect((await ask('/act', { ...ORIGIN(), 'content-type': 'text/plain' }, '{}')).status).toBe(403);
    expect((await ask('/act', ORIGIN(), 'x'.repeat(20_000))).status).toBe(413);
    expect((await ask('/act', ORIGIN(), 'no json')).status).toBe(422);
    expect(asked).toEqual([]);
    expect(await ask('/act', ORIGIN(), '{"do":"plan"}')).toMatchObject({ status: 200, body: '{"told":"done"}' });
    expect(asked).toEqual([{ do: 'plan' }]);
  });

  it('tells what went wrong in words', async () => {
    expect(await ask('/why?instance=x')).toMatchObject({ status: 422, body: '{"problem":"nobody knows"}' });
  });

  it('asks nobody while nobody looks, and sends four frames a second at most to whoever does', async () => {
    const before = looks;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(looks).toBe(before);
    const frames = await new Promise<string>((resolve, reject) => {
      let text = '';
      const headers = { host: `127.0.0.1:${port}`, cookie: `skep-page-${port}=${key}` };
      const sent = request({ host: '127.0.0.1', port, path: '/frames', headers }, (response) => {
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        setTimeout(() => {
          sent.destroy();
          resolve(text);
        }, 1400);
      });
      sent.on('error', reject);
      sent.end();
    });
    const sent = frames.split('\n').filter((line) => line.startsWith('data: '));
    expect(sent.length).toBeGreaterThan(1);
    expect(sent.length).toBeLessThanOrEqual(7);
    expect(JSON.parse(sent[0]?.slice(6) ?? '')).toMatchObject({ whole: true, head: { level: 'healthy' } });
    expect(JSON.parse(sent[1]?.slice(6) ?? '')).toMatchObject({ whole: false, instances: [] });
  });
});

describe('what may be asked for', () => {
  const AWS = { changes: false, lab: false };

  it.each([
    [{ do: 'plan' }, AWS, undefined],
    [{ do: 'tidy' }, AWS, /--allow-changes/],
    [{ do: 'rebalance' }, AWS, /--allow-changes/],
    [{ do: 'scale', group: 'g', desired: 3 }, AWS, /--allow-changes/],
    [{ do: 'scale', group: 'g', desired: 3 }, { changes: true, lab: false }, undefined],
    [{ do: 'kill', instance: 'i-0123456789abcdef0' }, { changes: true, lab: false }, /only a lab/],
    [{ do: 'drop' }, { changes: true, lab: false }, /only a lab/],
    [{ do: 'kill', instance: 'i-0123456789abcdef0' }, { changes: true, lab: true }, undefined],
    [{ do: 'kill', instance: 'i-0123456789abcdef0' }, { changes: false, lab: true }, /--allow-changes/],
  ])('%j, where %j', (wish, allowed, refused) => {
    const why = whyNot(act.parse(wish), allowed);
    if (refused === undefined) {
      expect(why).toBeUndefined();
    } else {
      expect(why).toMatch(refused);
    }
  });

  it.each([
    { do: 'erase' },
    { do: 'scale', group: 'g', desired: -1 },
    { do: 'kill', instance: '; rm -rf' },
    {},
    null,
    'x',
  ])('is never %j', (wish) => {
    expect(act.safeParse(wish).success).toBe(false);
  });
});
