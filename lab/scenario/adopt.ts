// Steps of a scenario about a swarm that somebody made by hand: it is made, adopted and released. Adoption and release are the command's own code.
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { tokenKeyArn } from '../../src/core/names.ts';
import { carryOutAdoption, planOfAdoption } from '../../src/operations/adopt.ts';
import type { AdoptPorts } from '../../src/operations/adopt.ts';
import { release as letGo } from '../../src/operations/release.ts';
import { Adoptions } from '../../src/store/adoptions.ts';
import { readFounder } from '../../src/store/clusters.ts';
import { Declarations } from '../../src/store/declarations.ts';
import { Holds } from '../../src/store/holds.ts';
import { Table } from '../../src/store/table.ts';
import { TidyStore } from '../../src/store/tidy-store.ts';
import { PERSON } from '../aws/iam/access-keys.ts';
import { machineArn } from './machine.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';
import { StepFailed } from './step-failed.ts';

type Part<Kind extends string> = Extract<PlainStep, Readonly<Record<Kind, unknown>>>;

/** Nothing of this takes longer, in the lab's time. */
const PATIENCE = 1_800_000;

/** The first instance founds it, and all others join it, as a person would type it there. */
export async function makeSwarm(run: ScenarioRun, { groups }: Part<'swarm'>['swarm']): Promise<void> {
  const { lab, scenario } = run;
  const all = groups.flatMap((name) =>
    [...lab.autoScaling.group(name).members.keys()].map((instance) => ({
      instance,
      role: scenario.groups[name]?.role ?? 'worker',
    })),
  );
  const first = all.find(({ role }) => role === 'manager')?.instance;
  if (first === undefined) {
    throw new StepFailed(`no manager among ${groups.join(', ')}`);
  }
  run.say(`a swarm is made by hand of ${all.length} instance(s), on ${first}`);
  await docker(run, first, 'swarm init');
  const address = lab.ec2.instances.get(first)?.privateIp ?? '';
  for (const { instance, role } of all.filter((one) => one.instance !== first)) {
    const token = (await docker(run, first, `swarm join-token -q ${role}`)).trim();
    await docker(run, instance, `swarm join --token ${token} ${address}:2377`);
  }
}

/** How long an engine may take to come up on an instance that runs, in seconds: a person would wait for it, too. */
const ENGINE_PATIENCE = 60;

async function docker(run: ScenarioRun, instance: string, line: string): Promise<string> {
  for (let waited = 0; ; waited += 1) {
    const { exitCode, stdout, stderr } = await inTime(run, run.lab.machines.docker(instance, line.split(' ')));
    if (exitCode === 0) {
      return stdout;
    }
    if (waited === ENGINE_PATIENCE || !stderr.includes('Cannot connect to the Docker daemon')) {
      throw new StepFailed(`docker ${line.replace(/SWMTKN\S+/, '...')}: exit code ${exitCode}: ${stderr.trim()}`);
    }
    await run.lab.clock.advance(1000);
  }
}

export async function adopt(run: ScenarioRun, step: Part<'adopt'>['adopt']): Promise<void> {
  const { cluster } = run.scenario;
  const { groups, check, finds, stopsAfter = Infinity } = step;
  const wish = { cluster, groups: Object.entries(groups).map(([name, role]) => ({ name, role })) };
  run.say(`skep adopt ${check ? '--check ' : ''}of ${Object.keys(groups).join(', ')}`);
  const ports = portsOf(run);
  const { findings, steps } = await inTime(run, planOfAdoption(ports, wish));
  const seen = [...new Set(findings.map(({ name }) => name))].toSorted();
  if (finds !== undefined) {
    run.record({ what: `adopt finds ${finds.join(', ') || 'nothing'}`, ok: same(finds, seen), seen: findings });
  }
  if (!check) {
    await inTime(run, carryOutAdoption(ports, cluster, steps.slice(0, stopsAfter)));
  }
}

const same = (wanted: readonly string[], seen: readonly string[]): boolean =>
  JSON.stringify(wanted.toSorted()) === JSON.stringify(seen);

export async function release(run: ScenarioRun): Promise<void> {
  const { cluster } = run.scenario;
  run.say(`skep release ${cluster}`);
  const refused = await inTime(run, letGo(portsOf(run), cluster));
  if (refused !== undefined) {
    throw new StepFailed(`${cluster} was not released: ${refused}`);
  }
}

function portsOf(run: ScenarioRun): AdoptPorts {
  const { lab, say } = run;
  const settings = { endpoint: lab.url, region: lab.stack.region, credentials: PERSON };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(settings));
  const { stage, table } = lab.stack;
  return {
    ...{ stage, say },
    autoScaling: held(run, new AutoScalingClient(settings)),
    ec2: held(run, new EC2Client(settings)),
    iam: held(run, new IAMClient(settings)),
    cloudFormation: held(run, new CloudFormationClient(settings)),
    ssm: held(run, new SSMClient(settings)),
    states: held(run, new SFNClient(settings)),
    table: new Table(held(run, client), table.name),
    tidyStore: new TidyStore(held(run, client), table.name),
    holds: new Holds(held(run, client), table.name),
    adoptions: new Adoptions(held(run, client), table.name),
    declarations: new Declarations(held(run, client), table.name),
    founderOf: (cluster) => readFounder(held(run, client), table.name, cluster),
    tokenKey: tokenKeyArn(machineArn(run, 'tidy'), stage),
    sleep: (ms) => lab.clock.sleep(ms),
    now: () => Math.floor(lab.clock.now() / 1000),
  };
}

/** A call goes over a socket: the lab's time stands still meanwhile. */
function held<Client extends { send: (...args: never[]) => unknown }>({ lab }: ScenarioRun, client: Client): Client {
  const send = client.send.bind(client) as (...args: unknown[]) => Promise<unknown>;
  const inRealTime = (...args: unknown[]): Promise<unknown> => lab.clock.busy(send(...args));
  return new Proxy(client, {
    get: (of, name): unknown => (name === 'send' ? inRealTime : Reflect.get(of, name, of)),
  });
}

/** Lets the lab's time pass until it is done. */
async function inTime<T>({ lab }: ScenarioRun, work: Promise<T>): Promise<T> {
  let over = false;
  const running = work.finally(() => {
    over = true;
  });
  // What it fails with is thrown below, after time has passed.
  running.catch(() => undefined);
  if (!(await lab.clock.until(() => over, PATIENCE))) {
    throw new StepFailed(`this takes longer than ${PATIENCE / 1000} s`);
  }
  return running;
}
