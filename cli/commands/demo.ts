// `skep lab demo`: one file becomes a swarm, the main job runs on it, and the lab stays up.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SSMClient } from '@aws-sdk/client-ssm';

import { PERSON } from '../../lab/aws/iam/access-keys.ts';
import { play } from '../../lab/scenario/play.ts';
import { progressLine } from '../../lab/scenario/progress.ts';
import type { Progress } from '../../lab/scenario/progress.ts';
import type { ScenarioRun } from '../../lab/scenario/run.ts';
import { tableClient } from '../../lab/scenario/parts.ts';
import { Declarations } from '../../src/store/declarations.ts';
import type { ClusterFile } from '../../src/core/cluster/file.ts';
import { partOf } from '../../src/core/cluster/stacks.ts';
import { readClusterFile } from '../cluster-file/read.ts';
import { carryOutPlan, followGroups, planOf } from '../cluster-stacks/bring-up.ts';
import type { Planned } from '../cluster-stacks/bring-up.ts';
import { stacksOf } from '../cluster-stacks/present.ts';
import type { Ports } from '../cluster-stacks/present.ts';
import { Failed } from '../errors.ts';
import { interruption } from '../interruption.ts';
import { DEMO } from '../lab-defaults.ts';
import { openLab, scenarioIn, stay } from '../lab-session.ts';
import { ROOT } from '../root.ts';
import { resultText } from '../tables.ts';
import { say } from '../output.ts';

/** Its groups have the names that those of the main job have. */
const FILE = 'examples/cluster/skep.yaml';
const PATH = fileURLToPath(new URL(FILE, ROOT));

interface DemoFlags {
  readonly once?: boolean;
  readonly port: number;
  /** False: without one. */
  readonly page: number | false;
}

export async function demo({ once = false, port, page }: DemoFlags): Promise<void> {
  const ending = interruption();
  const file = readClusterFile(PATH, say);
  const run = await openLab(
    { ...scenarioIn(DEMO), cluster: file.cluster },
    {
      nodes: 'simulated',
      signal: ending.signal,
      ...(once ? {} : { port }),
      onProgress: (progress) => {
        say(progressLine(inTheFilesNames(progress, file)));
      },
      makes: (lab) => bringUp(lab, file),
    },
  );
  try {
    await play(run);
    const result = await run.result();
    say(resultText(result));
    process.exitCode = result.ok ? 0 : 2;
    if (!once) {
      await stay(run, ending, { port, page });
    }
  } finally {
    await run.close();
  }
}

/** What `skep cluster up` does, and `plan` afterwards. @returns the names of the groups that were made, by those in the file */
async function bringUp(run: ScenarioRun, file: ClusterFile): Promise<Map<string, string>> {
  const ports = portsIn(run);
  run.say(`${FILE}:\n\n${indented(readFileSync(PATH, 'utf8').trim())}\n`);
  run.say(`skep cluster up ${FILE}`);
  const planned = await planOf(ports, file);
  show(ports, planned);
  await carryOutPlan(ports, file, planned);
  await followGroups(ports, file);
  run.say(`skep cluster plan ${FILE}`);
  const again = await planOf(ports, file);
  show(ports, again);
  if (again.some(({ changes }) => changes)) {
    throw new Failed(`${file.cluster} is not as ${FILE} says`);
  }
  ports.say('nothing to do');
  return groupNames(ports, file);
}

/** Where `skep cluster` reaches AWS, here is the lab, and the lab's time passes while it waits. */
function portsIn({ lab, table, say }: ScenarioRun): Ports {
  const at = { endpoint: lab.url, region: lab.stack.region, credentials: PERSON };
  return {
    stacks: new CloudFormationClient(at),
    autoScaling: new AutoScalingClient(at),
    ssm: new SSMClient(at),
    table,
    declarations: new Declarations(tableClient(lab), lab.stack.table.name),
    pause: () => lab.clock.advance(5000),
    now: () => new Date(lab.clock.now()),
    say: (line) => {
      say(`  ${line}`);
    },
  };
}

function show({ say }: Ports, planned: readonly Planned[]): void {
  for (const { lines } of planned) {
    lines.forEach(say);
  }
}

async function groupNames(ports: Ports, file: ClusterFile): Promise<Map<string, string>> {
  const stacks = await stacksOf(ports, file);
  return new Map(
    stacks.flatMap(({ name, outputs }): (readonly [string, string])[] => {
      const part = partOf(file.stage, file.cluster, name);
      const made = outputs['GroupName'];
      return part?.template === 'group' && made !== undefined ? [[part.group, made]] : [];
    }),
  );
}

/** The name that CloudFormation gives begins with that of the stack: it is long, and says nothing more to whoever watches. */
function inTheFilesNames(progress: Progress, { stage, cluster }: ClusterFile): Progress {
  if (progress.kind !== 'instance') {
    return progress;
  }
  const part = partOf(stage, cluster, progress.group.replace(/-Group-[A-Z0-9]+$/, ''));
  return part?.template === 'group' ? { ...progress, group: part.group } : progress;
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '    ');
