// How documents tell a swarm folder that an image brought along from a membership of the instance's own, on a simulated machine.
// As documents/lib/identity.sh has it.
import { messageOf } from '../../../swarm/engine/engine.ts';
import type { SwarmInfo } from '../../../swarm/engine/engine.ts';
import type { OwnInstance } from './machine.ts';
import type { Script } from './script.ts';

/** A member of the result. */
export interface Cleared {
  readonly cleared?: string;
}

/** A simulated machine has one address, and no other outside. */
const isCopied = ({ state, nodeAddress }: SwarmInfo, { address }: OwnInstance): boolean =>
  state !== 'inactive' && nodeAddress !== '' && nodeAddress !== address;

/** Takes the engine out of a membership that it was copied from. The other instance notices nothing of it. */
export async function clearCopy(script: Script, own: OwnInstance): Promise<Cleared> {
  const info = await readOwnSwarm(script);
  if (!isCopied(info, own)) {
    return {};
  }
  const copied = `the swarm folder of node ${info.nodeId} at ${info.nodeAddress}`;
  const left = await script.ask(
    40,
    script.engine.leave(true).then(
      () => '',
      (error: unknown) => messageOf(error),
    ),
  );
  const after = await script.readSwarm(10);
  if (left !== '' || after?.state !== 'inactive') {
    script.fail('NotActive', `the image brought ${copied}, and the engine did not leave it: ${left ?? ''}`);
  }
  return { cleared: copied };
}

/** A manager's engine that has just started, or one that was copied, looks for a leader first, and answers after up to 20 s. */
async function readOwnSwarm(script: Script): Promise<SwarmInfo> {
  return (await script.readSwarm(25)) ?? script.fail('DockerDown', 'docker info did not answer');
}
