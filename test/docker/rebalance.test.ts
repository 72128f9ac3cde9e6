// A rebalance on real engines: what SwarmKit does with one replica more and one less, with requests all the while, and with an image that
// cannot be pulled.
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { LabProcess } from './support/lab-process.ts';
import { host, NOTHING } from './support/traces.ts';

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const result = z.object({ expectations: z.array(z.object({ what: z.string(), ok: z.boolean() })).min(1) });

describe('a rebalance on docker machines', () => {
  const before = host();
  const labs: LabProcess[] = [];

  afterEach(async () => {
    for (const lab of labs.splice(0)) {
      lab.signal('SIGINT');
      await lab.end();
    }
  });

  it.each([
    ['moves six of twelve tasks to three new nodes, and no request fails', '../../examples/rebalance/scenario.yaml'],
    ['gives up a move whose image the new node cannot pull', 'fixtures/image-not-on-the-new-node.yaml'],
  ])(
    '%s',
    async (_what, file) => {
      const lab = new LabProcess('run', at(file), '--nodes', 'docker', '--json');
      labs.push(lab);
      expect({ code: await lab.end(), stderr: lab.stderr }).toEqual({ code: 0, stderr: '' });
      const { expectations } = result.parse(JSON.parse(lab.stdout));
      expect(expectations.filter(({ ok }) => !ok)).toEqual([]);
      expect(lab.traces.look()).toEqual(NOTHING);
      expect(host()).toBe(before);
    },
    700_000,
  );
});
