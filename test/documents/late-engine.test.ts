// An engine that is slower than the time of its join: what it does after that must not be left to chance.
import { afterAll, describe, expect, it } from '@jest/globals';

import { Machine } from './stub/run.ts';
import type { Answer, Call, Outcome } from './stub/run.ts';
import { SCENES, Texts } from './stub/scenes.ts';
import { answerOf } from './stub/world.ts';

const NO_ANSWER: Answer = { code: 28, stdout: '' };
const NO_MEMBER: Answer = {
  code: 1,
  stdout: '',
  stderr: 'Error response from daemon: This node is not part of a swarm\n',
};
const TIMED_OUT: Answer = { code: 124, stdout: '' };
const TAME = new Texts(['tame'], {});

const machine = new Machine();
afterAll(() => {
  machine.remove();
});

const lineOf = ({ tool, args }: Call): string => [tool, ...args].join(' ');
const isJoin = (call: Call): boolean => call.args.at(-1) === 'http://docker/swarm/join';
const isInfo = ({ tool, args }: Call): boolean => tool === 'docker' && args[0] === 'info';
const isLeave = (call: Call): boolean => lineOf(call).startsWith('docker swarm leave');

/** A join that gets no answer, and after which `docker info` gives none either. */
async function joinsLate(leave: Answer): Promise<Outcome> {
  const scene = SCENES.join.find(({ error }) => error === 'JoinFailed');
  if (scene === undefined) throw new Error('no scene in which an engine in no swarm joins');
  machine.forget();
  const world = scene.world(TAME, machine);
  let hasBegun = false;
  return machine.run('join', { ...scene.given, executionTimeout: '60' }, (call) => {
    hasBegun ||= isJoin(call);
    if (isJoin(call)) return NO_ANSWER;
    if (hasBegun && isInfo(call)) return TIMED_OUT;
    if (isLeave(call)) return leave;
    return answerOf(world, call);
  });
}

describe('a join whose engine answers to nothing any more', () => {
  it('takes the engine out of what it may have begun, and says that it has not joined', async () => {
    const outcome = await joinsLate({ code: 0, stdout: '' });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ error: 'JoinFailed' });
    expect(outcome.calls.slice(outcome.calls.findIndex(isJoin)).some(isLeave)).toBe(true);
  });

  it('says so as well where the engine had begun nothing', async () => {
    const outcome = await joinsLate(NO_MEMBER);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ error: 'JoinFailed' });
  });

  it('does not say that the engine is ready for the next try where it could not take it out', async () => {
    const outcome = await joinsLate(TIMED_OUT);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ error: 'NotActive' });
  });
});
