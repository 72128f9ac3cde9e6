// Rogue agents of the lab: what they make of a command's end.
import { describe, expect, it } from '@jest/globals';

import { Clock } from '../../../../lab/time/clock.ts';
import { seededRandom } from '../../../../lab/time/random.ts';
import { Rogues } from '../../../../lab/aws/services/rogue.ts';
import type { RogueAnswers } from '../../../../lab/aws/services/rogue.ts';

const command = { instanceId: 'i-1', verb: 'join' };
const real = { exitCode: 0, stdout: 'Docker said\n{"nodeId":"a","zone":"z"}\n', stderr: '', timedOut: false };

const answered = async (answers: Partial<RogueAnswers>, times = Infinity) => {
  let ran = 0;
  const rogues = new Rogues(new Clock({ virtual: true, start: 0 }), seededRandom(1));
  rogues.all.push({
    isMeant: (id) => id === 'i-1',
    verb: 'join',
    answers: { repeat: 1, after: 0, replies: 1, ...answers },
    fillIn: (text) => Promise.resolve(text.replace('$node', 'b')),
    times,
  });
  const run = () => {
    ran += 1;
    return Promise.resolve(real);
  };
  return { rogues, run, ran: () => ran, end: await rogues.end(command, run) };
};

describe('a rogue agent', () => {
  it('adds members to what the document says: the later of two of one name counts', async () => {
    const { end, ran } = await answered({ merge: { nodeId: '$node' } });
    expect(ran()).toBe(1);
    expect(end.outcome.stdout).toBe('Docker said\n{"nodeId":"a","zone":"z","nodeId":"b"}\n');
  });

  it('adds a member that no object literal could have', async () => {
    const { end } = await answered({ output: '{}\n', merge: '{"__proto__":{"ok":true}}' });
    expect(end.outcome.stdout).toBe('{"__proto__":{"ok":true}}\n');
  });

  it('answers without running anything, as often as it is asked', async () => {
    const { end, ran } = await answered({ exitCode: 45, output: 'x', repeat: 3, replies: 7 });
    expect(ran()).toBe(0);
    expect(end).toMatchObject({ outcome: { exitCode: 45, stdout: 'xxx' }, replies: 7 });
  });

  it('chooses an exit code at random', async () => {
    const { end } = await answered({ exitCode: 'random' });
    expect(end.outcome.exitCode).toBeGreaterThanOrEqual(0);
    expect(end.outcome.exitCode).toBeLessThan(256);
  });

  it('leaves other instances, other documents and what comes after its times alone', async () => {
    const { rogues, run } = await answered({ exitCode: 1 }, 1);
    for (const other of [command, { ...command, verb: 'leave' }, { ...command, instanceId: 'i-2' }]) {
      expect((await rogues.end(other, run)).outcome).toEqual(real);
    }
  });
});
