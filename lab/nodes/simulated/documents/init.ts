// The document init, on a simulated machine. What documents/verbs/init.sh does, step by step.
import { contains, parseNetwork } from '../../../../src/core/managers/networks.ts';
import { overlaps } from '../../../swarm/engine/address-pool.ts';
import { messageOf } from '../../../swarm/engine/engine.ts';
import type { SwarmInfo } from '../../../swarm/engine/engine.ts';
import { clearCopy } from './identity.ts';
import { about, begin, joinTokenName, readSwarm } from './machine.ts';
import type { OwnInstance } from './machine.ts';
import type { Script } from './script.ts';
import type { Swarm, SwarmOptions } from '../../../swarm/raft/swarm.ts';
import { tokenDigests } from './tidy.ts';

const INIT_TIME = 600;

export async function init(script: Script): Promise<Record<string, unknown>> {
  const own = await begin(script);
  const cleared = await clearCopy(script, own);
  script.checkOwnEpoch(await readSwarm(script));
  const founded = await found(script, own);
  const info = await readSwarm(script);
  checkFounder(script, own, info);
  const swarm = await script.cluster('read', 10);
  if (script.param('swarmId') === 'none') {
    await script.refuseAutolock();
  }
  const differs = differences(script, swarm);
  // Before anything is published: as long as nobody can join, somebody can still decide otherwise.
  if (differs !== '' && script.param('swarmId') === 'none') {
    script.fail('FoundedOtherwise', `the swarm ${info.swarmId} has ${differs}`);
  }
  await publish(script, swarm);
  const { caDigest } = swarm;
  const told = { nodeId: info.nodeId, swarmId: info.swarmId, caDigest, ...about(own), founded, ...tokenDigests(swarm) };
  return { ...told, ...cleared, ...(differs === '' ? {} : { differs }) };
}

/** False where there is a swarm already. */
async function found(script: Script, { address }: OwnInstance): Promise<boolean> {
  const { state, error } = await readSwarm(script);
  if (state === 'active') {
    return false;
  }
  if (state !== 'inactive') {
    script.fail('NotActive', `state ${state}: ${error}`);
  }
  const swarmId = script.param('swarmId');
  if (swarmId !== 'none') {
    script.fail('ForeignSwarm', `the cluster was founded as swarm ${swarmId}, and this engine is in none`);
  }
  const taken = overlaps(script.param('addressPool'));
  if (taken.length > 0) {
    script.fail('AddressPoolOverlap', `the address pool overlaps ${taken.join(' ')}`);
  }
  script.machine.remember({ epoch: script.epoch });
  await script.sleep(INIT_TIME);
  const founding = script.engine.init({ address, availability: 'drain', options: optionsOf(script) });
  await founding.catch((error: unknown) => script.fail('InitFailed', messageOf(error)));
  return true;
}

/** Founded before, by this very document: an answer was lost, and it only tells again what it did. */
function checkFounder(script: Script, own: OwnInstance, info: SwarmInfo): void {
  if (!info.controlAvailable || info.nodeAddress !== own.address) {
    script.fail('ForeignSwarm', `the engine is node ${info.nodeId} at ${info.nodeAddress} of a swarm not founded here`);
  }
  const swarmId = script.param('swarmId');
  if (info.error !== '' || info.swarmId === '') {
    script.fail('NoLeader', info.error);
  }
  if (swarmId !== 'none' && swarmId !== info.swarmId) {
    script.fail('ForeignSwarm', `the cluster was founded as swarm ${swarmId}, and this engine leads ${info.swarmId}`);
  }
}

const optionsOf = (script: Script): SwarmOptions => ({
  addressPool: script.param('addressPool'),
  subnetSize: Number(script.param('subnetSize')),
  dataPathPort: Number(script.param('dataPathPort')),
});

/** What cannot be changed any more of this swarm, and is not as the cluster wants it. */
function differences(script: Script, { options }: Swarm): string {
  const wanted = optionsOf(script);
  const names = { addressPool: 'address pool', subnetSize: 'subnet size', dataPathPort: 'data path port' } as const;
  const keys = ['addressPool', 'subnetSize', 'dataPathPort'] as const;
  const differing = keys
    .filter((key) => options[key] !== wanted[key])
    .map((key) => `${names[key]} ${options[key]}, not ${wanted[key]}`);
  // Where every swarm has its first network: at the beginning of its pool.
  const ingress = `${options.addressPool.split('/')[0] ?? ''}/${options.subnetSize}`;
  const elsewhere = options.addressPool === wanted.addressPool ? [] : outside(ingress, wanted.addressPool);
  return [...differing, ...elsewhere].join('; ');
}

function outside(subnet: string, pool: string): string[] {
  const [inner, outer] = [parseNetwork(subnet), parseNetwork(pool)];
  return inner !== undefined && outer !== undefined && contains(outer, inner)
    ? []
    : [`ingress network ${subnet}, not in ${pool}`];
}

export async function publish(script: Script, swarm: Swarm): Promise<void> {
  for (const role of ['worker', 'manager'] as const) {
    const Name = joinTokenName(script, role);
    const Value = swarm.joinTokens[role];
    const input = { Name, Value, Type: 'SecureString', KeyId: script.param('tokenKey'), Overwrite: true };
    const answer = await script.world.surroundings.parameters(script.machine, 'PutParameter', input);
    script.checkEnd();
    if (!answer.ok) {
      script.fail('JoinTokenUnpublished', answer.problem);
    }
  }
}
