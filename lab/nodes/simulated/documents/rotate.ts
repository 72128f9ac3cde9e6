// The document that makes the join tokens anew, on a simulated machine. What documents/verbs/rotate.sh does, step by step.
import { createHash } from 'node:crypto';

import { begin, managersTold } from './node.ts';
import { publish } from './init.ts';
import type { Script } from './script.ts';

const ROUNDS = 5;

export async function rotate(script: Script): Promise<Record<string, unknown>> {
  const { swarmId } = await begin(script, 'exclusive');
  const swarm = await script.cluster('write', 10);
  swarm.rotate('worker');
  swarm.rotate('manager');
  // Somebody else may make them anew meanwhile: what is published last must be what the swarm has.
  let { joinTokens } = swarm;
  await publish(script, swarm);
  for (let rounds = ROUNDS; joinTokens !== swarm.joinTokens; rounds -= 1) {
    if (rounds === 0) {
      script.fail('UpdateConflict', 'others keep making the join tokens anew');
    }
    ({ joinTokens } = swarm);
    await publish(script, swarm);
  }
  return {
    swarmId,
    caDigest: swarm.caDigest,
    worker: digestOf(joinTokens.worker),
    manager: digestOf(joinTokens.manager),
    ...(await managersTold(script)),
  };
}

const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');
