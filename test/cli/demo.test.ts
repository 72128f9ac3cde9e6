// What a newcomer sees first: `npm start -- --once`.
import { readFileSync } from 'node:fs';

import { expect, it } from '@jest/globals';

import { startSkep } from '../support/skep-command.ts';

it('one file becomes a swarm, on which the main job runs; a plan afterwards has nothing to do', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  expect(scripts['start']).toBe('node cli/skep.js lab demo');
  const { code, stdout, stderr } = await startSkep(['lab', 'demo', '--once'], {}).ended;

  expect([code, stderr]).toEqual([0, '']);
  const said = stdout.split('\n').map((line) => line.slice('00:00:00  '.length));
  const order = [
    said.indexOf('skep cluster up examples/cluster/skep.yaml'),
    said.findIndex((line) => /^ {2}i-[0-9a-f]{17} {2}managers: Pending$/.test(line)),
    said.indexOf('skep cluster plan examples/cluster/skep.yaml'),
    said.indexOf('  nothing to do'),
    said.findIndex((line) => line.startsWith('ok   ')),
  ];
  expect(order).not.toContain(-1);
  expect(order).toEqual(order.toSorted((one, other) => one - other));
  // As many as the scenario has.
  expect(said.filter((line) => line.startsWith('ok   '))).toHaveLength(13);
  expect(stdout).not.toContain('FAIL');
}, 240_000);
