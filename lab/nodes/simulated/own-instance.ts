// How documents that run on the instance concerned learn about it, on a simulated machine. As documents/machine.sh has it.
import type { Script } from './script.ts';

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
export function checkFence(script: Script): void {
  const { fence } = script.machine;
  if (fence !== undefined && Number(script.param('notAfter')) <= fence) {
    script.fail('LeavingNode', 'this instance was told to leave');
  }
}

/** Without the lock: it may take minutes, and a leave must get in between. */
export async function waitForDocker(script: Script): Promise<void> {
  const { machine, world } = script;
  const preparing = (): number => machine.userDataDoneAt - world.clock.now();
  while (preparing() > 0 && script.hasTime()) {
    checkFence(script);
    await script.sleep(Math.min(preparing(), 10_000));
  }
  while (!script.dockerAnswers) {
    checkFence(script);
    if (!script.dockerInstalled && (preparing() <= 0 || !script.hasTime())) {
      script.fail('DockerMissing', 'there is no docker command');
    }
    if (!script.hasTime()) {
      script.fail('DockerDown', 'docker did not answer within the time of the command');
    }
    await script.sleep(1000);
  }
}
