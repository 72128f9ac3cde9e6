// The SSM agent that runs on a docker machine itself: the lab's own, or a real one that a person brings. What it is started with, and how it
// is kept up, as systemd does it.
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { MachinesUnavailable } from '../machines.ts';

const OWN = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));
/** Where a machine has what `folder` and `runtime` say, read-only. */
const FOLDER = '/run/lab/agent';
const RUNTIME = '/run/lab/node';
/** What the packages of AWS bring beside the agent; the first one is it. Each is looked for in /usr/bin. */
const PROGRAMS = ['amazon-ssm-agent', 'ssm-agent-worker', 'ssm-document-worker', 'ssm-session-worker'] as const;
const DOWN = '/run/lab/agent-down';
const PID = '/run/lab/agent.pid';

/** `own`, or the path of amazon-ssm-agent. */
export type AgentChoice = string;

export interface NodeAgent {
  /** A folder of the host that has the agent in it. */
  readonly folder: string;
  /** A program of the host that the agent is run by; empty where it needs none. */
  readonly runtime: string;
  /** Lines of shell, for the machine. */
  readonly start: string;
  readonly away: string;
  readonly back: string;
}

/** @throws MachinesUnavailable where there is no such agent */
export async function nodeAgent(choice: AgentChoice, site: { folder: string; aws: string }): Promise<NodeAgent> {
  return choice === 'own' ? ownAgent(site) : realAgent(choice, site.aws);
}

/** As one file: a machine has a root of its own, in which the project and what it depends on may not be. */
async function ownAgent(site: { folder: string; aws: string }): Promise<NodeAgent> {
  const folder = `${site.folder}/agent`;
  await mkdir(folder, { recursive: true });
  const outfile = `${folder}/main.mjs`;
  await build({ entryPoints: [OWN], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'silent' });
  return {
    folder,
    runtime: process.execPath,
    start: keptUp(`${RUNTIME} ${FOLDER}/main.mjs ${site.aws}`),
    // It keeps no record of the scripts that it runs: were it killed, nobody would tell how they ended.
    away: `kill -STOP "$(cat ${PID})"`,
    back: `kill -CONT "$(cat ${PID})"`,
  };
}

async function realAgent(path: string, aws: string): Promise<NodeAgent> {
  const [main, worker] = PROGRAMS;
  const folder = dirname(path);
  for (const file of [path, `${folder}/${worker}`]) {
    await access(file, constants.X_OK).catch(() => {
      throw new MachinesUnavailable(`${file} is not there, or is no program: ${main} comes with ${worker}`);
    });
  }
  const links = PROGRAMS.map((name) => {
    const file = name === main ? basename(path) : name;
    return `if [ -e '${FOLDER}/${file}' ]; then ln -sf '${FOLDER}/${file}' /usr/bin/${name}; fi`;
  });
  const configure = `mkdir -p /etc/amazon/ssm; printf '%s' '${settings(aws)}' >/etc/amazon/ssm/amazon-ssm-agent.json`;
  return {
    folder,
    runtime: '',
    start: [...links, configure, keptUp(`/usr/bin/${main}`)].join('\n'),
    away: `touch ${DOWN}\n${KILL_AGENT}`,
    back: `rm -f ${DOWN}`,
  };
}

/** The agent and its worker; what watches over a script is another process, and goes on. Names of processes have 15 characters. */
const KILL_AGENT = `for process in /proc/[0-9]*; do
  case $(cat "$process/comm" 2>/dev/null || :) in
  amazon-ssm-agen | ssm-agent-worke) kill -9 "\${process#/proc/}" 2>/dev/null || : ;;
  esac
done`;

/** What differs from the agent's defaults. It says to itself where it is (EC2), by the metadata that the lab answers. */
const settings = (aws: string): string =>
  JSON.stringify({
    Mds: { Endpoint: aws },
    Ssm: { Endpoint: aws },
    // Session Manager is not played. Where its channel cannot be opened, the agent asks for messages.
    Mgs: { Endpoint: 'http://127.0.0.1:9' },
    Agent: { SelfUpdate: false, TelemetryMetricsToSSM: false },
    Identity: { ConsumptionOrder: ['EC2'] },
  });

/** Started again when it ends, unless the lab wants it to be away. */
const keptUp = (command: string): string => `rm -f ${DOWN}
setsid sh -c 'while :; do
  while [ -e ${DOWN} ]; do sleep 0.1; done
  ${command} &
  echo $! >${PID}
  wait $!
  sleep 1
done' >>/var/log/agent.log 2>&1 </dev/null &`;
