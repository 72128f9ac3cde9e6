// `skep connect`: the Docker of a manager on this machine, until Ctrl-C; and `ssh-proxy`, which ssh starts to get there.
import type { Command } from 'commander';

import { ssmClient, tableClient } from '../../src/aws/clients.ts';
import { swarmOnRecord } from '../../src/operations/ask-managers.ts';
import { Table } from '../../src/store/table.ts';
import { aboutCluster, whichCluster } from '../cluster.ts';
import type { About } from '../cluster.ts';
import { Failed } from '../errors.ts';
import { explained } from '../aws-problems.ts';
import { checkInstance } from '../instance.ts';
import { aborted, interruption, leaves } from '../interruption.ts';
import { whereText } from '../reach.ts';
import { carrySession, needPlugin, needProgram } from '../session.ts';
import { openTunnel } from '../tunnel.ts';
import type { Tunnel } from '../tunnel.ts';

export interface Connecting extends About {
  readonly user?: string;
  readonly to?: string;
}

/** What each command has that goes to a manager's Docker. */
export const connecting = (command: Command): Command =>
  command
    .option('--user <name>', 'who logs in on the manager, and may use Docker there (default: as ssh is configured)')
    .option('--to <instance>', 'which manager (default: the leader on record)');

export const NEEDS =
  '\nYou need ssh, session-manager-plugin, ssm:StartSession on the instance with the document AWS-StartSSHSession, and there sshd, your key, and a user' +
  '\nwho may use Docker. All of it is yours: skep has no way to a shell.';

export function defineConnect(command: Command): Command {
  return connecting(aboutCluster(command))
    .addHelpText(
      'after',
      `\nExample: skep connect blue --user admin${NEEDS}\nExit codes: 0 it was told to end (SIGTERM), 1 wrong use, 2 there is no way to a manager, 130 you have ended it (Ctrl-C).`,
    )
    .action(connect);
}

/** Not for people: ssh starts it, with its own input and output. */
export function defineSshProxy(command: Command): Command {
  return command.argument('<instance>').action(async (instance: string) => {
    checkInstance(instance);
    needPlugin();
    process.exitCode = await carrySession(ssmClient(), {
      Target: instance,
      DocumentName: 'AWS-StartSSHSession',
      Parameters: { portNumber: ['22'] },
      Reason: 'skep connect',
    });
  });
}

/** @throws {UsageError} for what is missing on this machine, and {Failed} where no manager is on record */
export async function tunnelTo(cluster: string, { stage, user, to }: Connecting): Promise<Tunnel> {
  if (to !== undefined) {
    checkInstance(to);
  }
  const instance = to ?? (await leaderOf(cluster, stage));
  process.stderr.write(`connecting to manager ${instance}: cluster ${cluster}, ${whereText(stage, process.env)}\n`);
  // The variables say where AWS is: options have become those.
  return openTunnel({ instance, user, proxy: [process.execPath, process.argv[1] ?? 'skep', 'ssh-proxy', instance] });
}

export function needWay(): void {
  needPlugin();
  needProgram('ssh', 'it is in the package openssh-client');
}

async function connect(argument: string | undefined, options: Connecting): Promise<void> {
  needWay();
  const cluster = await whichCluster(argument, options);
  const tunnel = await tunnelTo(cluster, options);
  process.stdout.write(`docker context create skep-${cluster} --docker host=${tunnel.host}\n`);
  process.stderr.write(`or: export DOCKER_HOST=${tunnel.host}\nCtrl-C ends it\n`);
  leaves(`the connection to ${cluster} is closed, and its socket is gone`);
  const { signal } = interruption();
  await Promise.race([aborted(signal), tunnel.ended]);
  await tunnel.close();
  if (!signal.aborted) {
    throw new Failed(`the connection to ${cluster} has ended`);
  }
}

async function leaderOf(cluster: string, stage: string): Promise<string> {
  const swarm = await explained(swarmOnRecord(new Table(tableClient(), `skep-${stage}`), cluster), stage);
  const leader = swarm?.managers[0];
  if (leader === undefined) {
    throw new Failed(`${cluster} has no swarm yet: there is no manager to go to`);
  }
  return leader.instance;
}
