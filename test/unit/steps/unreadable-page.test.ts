// What a manager tells of services and nobody can read: nothing is handed over, the node is drained, and it is not looked at again.
import { gzipSync } from 'node:zlib';

import { SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from '@jest/globals';

import { storeAndDeliver } from '../../../src/steps/deliver.ts';
import { stepRequest } from '../../../src/steps/step.ts';
import { ownerKey } from '../../../src/core/names.ts';
import type { StepKey } from '../../../src/core/steps/rendezvous.ts';
import { EXECUTION, MANAGER_INSTANCE, NOW } from '../support/examples.ts';
import { useStepScene, ports, scene, sends, sentBy, sfn } from '../support/step-scene.ts';

useStepScene();

const NODE = 'n'.repeat(25);
const packed = (text: string): string => gzipSync(text).toString('base64');
const outputs = (): unknown[] =>
  sfn.commandCalls(SendTaskSuccessCommand).map(({ args }) => JSON.parse(args[0].input.output ?? '') as unknown);

const PAGES: [string, Record<string, unknown>][] = [
  ['is no gzip', { services: 'AAAA' }],
  ['was cut off', { services: packed('{"id":"a"}\n').slice(0, 30) }],
  ['is no JSON', { services: packed('{"id":') }],
  ['names nobody', { services: packed('{"name":"web"}') }],
  ['is too long', { services: 'A'.repeat(30_000) }],
  ['unpacks to more than there is memory for', { services: packed(' '.repeat(20_000_000)) }],
  ['is no text', { services: { a: 1 } }],
  ['has places that are none', { services: packed('{"id":"a"}'), of: ['x'] }],
];

describe('a page of services that nobody can read', () => {
  it.each(PAGES)(
    'that %s is a loss of the drain, and its node comes to the drain all the same',
    async (_what, page) => {
      const place = await scene({ kind: 'terminate' });
      await place.step({ verb: 'drain', step: 'Drain' });
      const { cluster = '', instance = '' } = place.plan;
      const output = { member: true, nodeId: NODE, status: 'ready', paused: true, leaving: ['$(x)'], ...page };
      const key = { cluster, instance, owner: ownerKey(EXECUTION), belongsTo: 'node' as const, step: 'Drain', try: 1 };
      await storeAndDeliver(ports, {
        key,
        verb: 'drain',
        outcome: { ok: true, output },
        ...sentBy(),
        now: NOW,
      });

      expect(outputs()).toEqual([
        {
          ...{ member: true, nodeId: NODE, status: 'ready', paused: true, leaving: [NODE] },
          losses: ['its services: nobody can say: it cannot be read'],
        },
      ]);
    },
  );

  it.each(PAGES)('that %s ends the hand-over, and is not thrown', async (_what, told) => {
    const place = await scene({ kind: 'terminate' });
    const request = { v: 1, verb: 'shift', step: 'HandOver-1', taskToken: 't', attempt: 0, execution: EXECUTION };
    const asked = stepRequest.parse({ ...request, plan: place.plan, leaving: [NODE], told });
    await place.step(asked);

    expect(sends()).toEqual([]);
    expect(outputs()).toEqual([
      { done: true, skipped: [{ service: '-', why: 'what a manager said of the services cannot be read' }] },
    ]);
  });
});

describe('a page that is asked of managers', () => {
  // Items of such steps are keyed by step alone.
  let steps = 0;
  const failures = (): unknown[] => sfn.commandCalls(SendTaskFailureCommand).map(({ args }) => args[0].input);
  async function told(verb: 'shift' | 'inspect', number: number, output: Record<string, unknown>): Promise<void> {
    const place = await scene({ kind: 'terminate' });
    steps += 1;
    const step = `Pages-${steps}`;
    for (let attempt = 0; attempt < number; attempt += 1) {
      await place.step({ verb, step, attempt, taskToken: `token-${attempt}` });
      const { cluster = '', instance = '' } = place.plan;
      const key: StepKey = {
        cluster,
        instance,
        belongsTo: 'execution',
        owner: ownerKey(EXECUTION),
        step,
        try: attempt + 1,
      };
      await storeAndDeliver(ports, { key, verb, outcome: { ok: true, output }, ...sentBy(), now: NOW });
    }
  }

  it.each(PAGES.filter(([what]) => !what.startsWith('is too long')))(
    'and that %s is asked of another one',
    async (_what, page) => {
      await told('shift', 1, page);
      expect(outputs()).toEqual([]);
      expect(failures()).toMatchObject([{ error: 'PageUnreadable', cause: expect.stringContaining(MANAGER_INSTANCE) }]);
    },
  );

  it('is told as one that nobody can read by the third of them, so that the rest goes on', async () => {
    await told('shift', 3, { services: packed('{"id":'), next: 400, digest: 'd'.repeat(64), refused: ['$(x)'] });
    expect(failures()).toHaveLength(2);
    expect(outputs()).toMatchObject([
      { next: 400, digest: 'd'.repeat(64), services: '', refused: [], unreadable: expect.stringContaining('refused') },
    ]);
  });

  it('is never half a swarm: a tidy does not go on with it', async () => {
    await told('inspect', 4, { total: 1, nodes: packed('not a line of it') });
    expect(outputs()).toEqual([]);
    expect(failures()).toHaveLength(4);
  });
});
