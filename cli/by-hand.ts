// What a person's command needs to send a document to a manager, with the person's own credentials.
import { setTimeout as sleep } from 'node:timers/promises';

import { sendingClient, tableClient } from '../src/aws/clients.ts';
import type { DocumentPorts } from '../src/aws/run-document.ts';
import { oneLine } from '../src/core/clean-text.ts';
import type { Manager } from '../src/core/model.ts';
import { commandByHand, plannedSwarm } from '../src/core/steps/by-hand.ts';
import type { Verb } from '../src/core/names.ts';
import type { AboutCommand } from '../src/core/steps/by-hand.ts';
import { askManagers, swarmOnRecord } from '../src/operations/ask-managers.ts';
import type { SwarmOnRecord } from '../src/operations/ask-managers.ts';
import { Table } from '../src/store/table.ts';
import { Failed } from './errors.ts';
import { explained } from './aws-problems.ts';

export interface Asking {
  readonly ports: DocumentPorts;
  readonly cluster: string;
  readonly swarm: SwarmOnRecord;
  /** Is told whom is asked. */
  readonly onAsk?: (instance: string) => void;
}

/** @throws {Failed} where there is no swarm that could be asked */
export async function askingOf(stage: string, cluster: string): Promise<Asking> {
  const swarm = await explained(swarmOnRecord(new Table(tableClient(), `skep-${stage}`), cluster), stage);
  if (swarm === undefined) {
    throw new Failed(`${cluster} has no swarm yet: nobody can be asked. skep status ${cluster} says how it is`);
  }
  return { ports: { ssm: sendingClient(), stage, sleep, now }, cluster, swarm };
}

/** @throws {Failed} with what the managers said, where none did it */
export async function ask(
  { ports, cluster, swarm, onAsk = sayAsked }: Asking,
  verb: Verb,
  about: AboutCommand,
): Promise<Readonly<Record<string, unknown>>> {
  const commandTo = (manager: Manager): ReturnType<typeof commandByHand> =>
    commandByHand(
      verb,
      { cluster, stage: ports.stage, tokenKey: '', now: ports.now() },
      { ...about, plan: { ...about.plan, swarm: plannedSwarm(swarm) }, managers: [manager] },
    );
  const outcome = await askManagers(ports, swarm, commandTo, onAsk);
  if (!outcome.ok) {
    throw new Failed(oneLine(`${outcome.error}: ${outcome.cause}`));
  }
  return outcome.output;
}

const sayAsked = (instance: string): void => void process.stderr.write(`asking manager ${instance}\n`);

const now = (): number => Math.floor(Date.now() / 1000);
