// The verbs of the command. Each is loaded only where it is the one that was typed: help and completion need the names alone.
import { Command } from 'commander';

/** Adds arguments, options and the action to a command that has its name and its summary. */
type Define = (command: Command) => Command;

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly alias?: string;
  /** Not for people. */
  readonly hidden?: boolean;
  readonly load: () => Promise<Define>;
}

const VERBS: readonly Verb[] = [
  {
    name: 'create',
    summary: 'Declare a cluster, so that its first manager may found the swarm',
    load: async () => (await import('./commands/create.ts')).defineCreate,
  },
  {
    name: 'delete',
    summary: 'Remove a cluster that was declared and has nothing: no swarm, no groups',
    load: async () => (await import('./commands/delete.ts')).defineDelete,
  },
  {
    name: 'adopt',
    summary: 'Take in a swarm that exists, with its groups. No task is started anew',
    load: async () => (await import('./commands/adopt.ts')).defineAdopt,
  },
  {
    name: 'release',
    summary: 'Let a cluster go: its swarm and its groups stay as they are',
    load: async () => (await import('./commands/release.ts')).defineRelease,
  },
  {
    name: 'status',
    alias: 'ls',
    summary: 'Show how the clusters are: the verdict of the last tidy, with what to do',
    load: async () => (await import('./commands/status.ts')).defineStatus,
  },
  {
    name: 'nodes',
    summary: 'Show the instances of a cluster beside what skep knows of their nodes',
    load: async () => (await import('./commands/nodes.ts')).defineNodes,
  },
  {
    name: 'services',
    summary: 'Show the services of a swarm: how many tasks run of those that are wanted, as a manager tells it now',
    load: async () => (await import('./commands/services.ts')).defineServices,
  },
  {
    name: 'why',
    summary: 'Tell why an instance is where it is: the cause first, then what each source says',
    load: async () => (await import('./commands/why.ts')).defineWhy,
  },
  {
    name: 'logs',
    summary: 'Show what skep has sent to an instance, and what the scripts printed there',
    load: async () => (await import('./commands/logs.ts')).defineLogs,
  },
  {
    name: 'events',
    summary: 'Tell what has happened to a cluster, as the table has it, and go on with what changes',
    load: async () => (await import('./commands/events.ts')).defineEvents,
  },
  {
    name: 'executions',
    summary: 'Show the last execution of each instance, and which are at work',
    load: async () => (await import('./commands/events.ts')).defineExecutions,
  },
  {
    name: 'doctor',
    summary: 'Check a set-up: what is deployed, declared, tagged and online, and what to do where something is not',
    load: async () => (await import('./commands/doctor.ts')).defineDoctor,
  },
  {
    name: 'page',
    summary: 'Show a cluster as a page in your browser: why each node is there, and what it waits for',
    load: async () => (await import('./commands/page.ts')).definePage,
  },
  {
    name: 'plan',
    summary: 'Show what a tidy of a cluster would do, and why',
    load: async () => (await import('./commands/tidy.ts')).definePlan,
  },
  {
    name: 'tidy',
    summary: 'Compare groups, instances, the swarm and the table, and repair what differs',
    load: async () => (await import('./commands/tidy.ts')).defineTidy,
  },
  {
    name: 'drain',
    summary: 'Take the tasks off a node, or let it take no new ones (--pause), until skep activate',
    load: async () => (await import('./commands/drain.ts')).defineDrain,
  },
  {
    name: 'activate',
    summary: 'Let a node take tasks again that a person has drained or paused',
    load: async () => (await import('./commands/drain.ts')).defineActivate,
  },
  {
    name: 'deploy',
    summary: 'Put a stack up on a swarm from here, and follow it until it converges',
    load: async () => (await import('./commands/deploy.ts')).defineDeploy,
  },
  {
    name: 'connect',
    summary: 'Have the Docker of a manager here, through ssh and Session Manager, until Ctrl-C',
    load: async () => (await import('./commands/connect.ts')).defineConnect,
  },
  {
    name: 'shell',
    summary: 'Open a shell on an instance, through Session Manager and with your own credentials',
    load: async () => (await import('./commands/shell.ts')).defineShell,
  },
  {
    name: 'ssh-proxy',
    summary: 'What ssh starts for skep connect',
    hidden: true,
    load: async () => (await import('./commands/connect.ts')).defineSshProxy,
  },
  {
    name: 'redrive',
    summary: 'Handle the events again that nobody could handle: each starts the execution that it would have started',
    load: async () => (await import('./commands/redrive.ts')).defineRedrive,
  },
  {
    name: 'refresh',
    summary: 'Replace the instances of a group, as is safe for its role: a rolling upgrade',
    load: async () => (await import('./commands/refresh.ts')).defineRefresh,
  },
  {
    name: 'remove',
    summary: 'Take one instance out, drained first, with a replacement or without',
    load: async () => (await import('./commands/remove.ts')).defineRemove,
  },
  {
    name: 'rebalance',
    summary: 'Move surplus tasks of services to nodes that have fewer: one replica more, then one less',
    load: async () => (await import('./commands/rebalance.ts')).defineRebalance,
  },
  {
    name: 'rollback',
    summary: 'Take a service back to the spec before skep moved its tasks, where docker service rollback cannot',
    load: async () => (await import('./commands/rollback.ts')).defineRollback,
  },
  {
    name: 'hold',
    summary: 'Freeze what skep would change in a cluster: joins, drains, repairs. Hooks are kept alive',
    load: async () => (await import('./commands/hold.ts')).defineHold,
  },
  {
    name: 'unhold',
    summary: 'End a hold: what waited goes on at once',
    load: async () => (await import('./commands/hold.ts')).defineUnhold,
  },
  {
    name: 'rotate-tokens',
    summary: 'Make the join tokens of a cluster anew, and publish them. Nodes that are in the swarm stay in it',
    load: async () => (await import('./commands/rotate-tokens.ts')).defineRotateTokens,
  },
  {
    name: 'erase',
    summary: 'Let the last manager of a cluster go, and its swarm with it: all services, secrets and tokens are lost',
    load: async () => (await import('./commands/erase.ts')).defineErase,
  },
  {
    name: 'recover',
    summary: 'Recover a swarm that has lost its quorum for good, from one of its managers',
    load: async () => (await import('./commands/recover.ts')).defineRecover,
  },
  {
    name: 'verify',
    summary: 'Ask the account for what skep takes for granted of AWS: what holds, what is wrong, what rests on it',
    load: async () => (await import('./commands/verify.ts')).defineVerify,
  },
  {
    name: 'remove-stack',
    summary: 'Take the service of a stage away: hooks, executions, policies, stack. Swarms, groups and the table stay',
    load: async () => (await import('./commands/remove-stack.ts')).defineRemoveStack,
  },
  {
    name: 'cluster',
    summary: 'Make, change and take away a cluster, as a file describes it',
    load: async () => (await import('./commands/cluster.ts')).defineCluster,
  },
  {
    name: 'user-data',
    summary: 'Print what the nodes of a group boot from (cloud-init), for a launch template of your own',
    load: async () => (await import('./commands/user-data.ts')).defineUserData,
  },
  {
    name: 'completion',
    summary: 'Print what makes a shell complete the verbs: bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).defineCompletion,
  },
  {
    name: 'lab',
    summary: 'A lab on this machine: AWS as far as skep can see it, and a swarm of simulated or real nodes',
    load: async () => (await import('./commands/lab.ts')).defineLab,
  },
];

export const VERB_NAMES: readonly string[] = VERBS.filter(({ hidden = false }) => !hidden).map(({ name }) => name);

/** @param typed the arguments of the process: only their verb gets its options */
export async function addVerbs(program: Command, typed: readonly string[]): Promise<void> {
  const asked = typed.filter((one) => !one.startsWith('-'));
  // `skep help tidy` is `skep tidy --help`.
  const wanted = asked[0] === 'help' ? asked[1] : asked[0];
  for (const { name, alias, hidden = false, summary, load } of VERBS) {
    const command = new Command(name).description(summary);
    if (alias !== undefined) {
      command.alias(alias);
    }
    program.addCommand(command, { hidden });
    if (wanted === name || (alias !== undefined && wanted === alias)) {
      (await load())(command);
    }
  }
}
