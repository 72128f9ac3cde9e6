// How documents that run on the instance concerned learn about it, on a simulated machine. As documents/lib/machine.sh has it.
import type { SwarmInfo } from '../../../swarm/engine/engine.ts';
import type { Script } from './script.ts';

export const ENGINE = '20.10.24+simulated';
const LOCK_PATIENCE = 60_000;

export interface OwnInstance {
  readonly address: string;
  readonly zone: string;
}

/** Asks instance metadata who this is, and whether it is who was meant. */
export async function checkInstance(script: Script): Promise<OwnInstance> {
  const { machine, world } = script;
  const paths = ['instance-id', 'local-ipv4', 'placement/availability-zone'];
  const [id, address, zone] = (await world.surroundings.metadata(machine, paths)) ?? [];
  script.checkEnd();
  if (id === undefined || address === undefined || zone === undefined) {
    script.fail('MetadataUnavailable', 'instance metadata did not tell id, address and zone');
  }
  const meant = script.param('instanceId');
  if (id !== meant) {
    script.fail('WrongInstance', `this is ${id}, the command was meant for ${meant}`);
  }
  return { address, zone };
}

/** A command that was sent before the instance was told to leave is refused, a later one is not: it came back. */
function checkFence(script: Script): void {
  const { fence } = script.machine;
  if (fence !== undefined && Number(script.param('notAfter')) <= fence) {
    script.fail('LeavingNode', 'this instance was told to leave');
  }
}

/** Without the lock: it may take minutes, and a leave must get in between. */
async function waitForDocker(script: Script): Promise<void> {
  const { machine, world } = script;
  const preparing = (): number => machine.userDataDoneAt - world.clock.now();
  while (preparing() > 0 && script.hasTime()) {
    checkFence(script);
    await script.sleep(Math.min(preparing(), 10_000));
  }
  while (!script.engine.online) {
    checkFence(script);
    if (!machine.dockerInstalled && (preparing() <= 0 || !script.hasTime())) {
      script.fail('DockerMissing', 'there is no docker command');
    }
    if (!script.hasTime()) {
      script.fail('DockerDown', 'docker did not answer within the time of the command');
    }
    await script.sleep(1000);
  }
}

/** What all but leave begin with. */
export async function begin(script: Script): Promise<OwnInstance> {
  script.checkExpiry();
  checkFence(script);
  await waitForDocker(script);
  const own = await checkInstance(script);
  await script.lock('exclusive', LOCK_PATIENCE);
  checkFence(script);
  return own;
}

/** What all of them tell of the instance. */
export const about = ({ address, zone }: OwnInstance): Record<string, unknown> => ({
  address: `${address}:2377`,
  zone,
  engine: ENGINE,
});

export async function readSwarm(script: Script): Promise<SwarmInfo> {
  return (await script.readSwarm(10)) ?? script.fail('DockerDown', 'docker info did not answer');
}

export function joinTokenName(script: Script, role: 'worker' | 'manager'): string {
  return `/skep/${script.param('stage')}/${script.param('cluster')}/join-token/${role}`;
}
