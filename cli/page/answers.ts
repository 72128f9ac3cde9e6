// What the page's clicks do: read one instance's story or one execution's way, or start what a person asked for.
import { SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  paginateGetExecutionHistory,
} from '@aws-sdk/client-sfn';
import type { HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';

import { autoScalingClient, statesClient } from '../../src/aws/clients.ts';
import { cleaned } from '../../src/core/clean-text.ts';
import { instanceId } from '../../src/core/names.ts';
import { whyOf } from '../../src/core/verdict/why.ts';
import { UsageError } from '../errors.ts';
import { inWords } from '../aws-problems.ts';
import { machineArn, readable, runExecution } from '../run-machine.ts';
import { tidied, whom } from '../tidy-output.ts';
import { factsOf } from '../why-facts.ts';
import { act, isOfLab, whyNot } from './acts.ts';
import type { Act, Allowed } from './acts.ts';
import { graphOf, pathOf, pictureOf } from './graph.ts';
import type { Picture } from './graph.ts';
import { layHands } from './lab-hands.ts';
import type { Answers } from './server.ts';
import { tableHtml } from './table-html.ts';
import type { Watch } from './watch.ts';

interface About {
  readonly cluster: string;
  readonly stage: string;
  readonly allowed: Allowed;
  /** Where the lab answers; undefined for AWS. */
  readonly lab: string | undefined;
}

const EXECUTION = /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:execution:skep-[A-Za-z0-9_-]+:[A-Za-z0-9_-]{1,80}$/;

export function answersOf(about: About, watch: Watch): Answers {
  const states = statesClient();
  const pictures = new Map<string, Picture>();
  return {
    settings: { ...about.allowed, cluster: about.cluster, stage: about.stage },
    table: async () => tableHtml(await watch.fresh()),
    why: async (instance) => {
      if (!instanceId.safeParse(instance).success) {
        throw new UsageError('this is a node without an instance: nothing of AWS knows it');
      }
      return cleaned(whyOf(await inPlainWords(factsOf(instance, about.stage))));
    },
    execution: async (arn) => {
      if (!EXECUTION.test(arn)) {
        throw new UsageError('not the ARN of an execution of skep');
      }
      return cleaned(await inPlainWords(executionOf(states, arn, pictures)));
    },
    act: async (body) => {
      const wish = act.safeParse(body);
      if (!wish.success) {
        throw new UsageError('not something that this page can ask for');
      }
      const refused = whyNot(wish.data, about.allowed);
      if (refused !== undefined) {
        throw new UsageError(refused);
      }
      return cleaned(await inPlainWords(carryOut(wish.data, about, { states, watch })));
    },
  };
}

async function inPlainWords<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const words = inWords(error);
    throw words === undefined ? error : new UsageError(words);
  }
}

/** One execution, since a person has opened it: two calls, and the history's pages. */
async function executionOf(client: SFNClient, arn: string, pictures: Map<string, Picture>): Promise<unknown> {
  const {
    stateMachineArn = '',
    status,
    startDate,
    stopDate,
    error,
    cause,
  } = await client.send(new DescribeExecutionCommand({ executionArn: arn }));
  let picture = pictures.get(stateMachineArn);
  if (picture === undefined) {
    const { definition = '' } = await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    picture = pictureOf(graphOf(definition));
    pictures.set(stateMachineArn, picture);
  }
  const events: HistoryEvent[] = [];
  const asked = { executionArn: arn, includeExecutionData: false, maxResults: 1000 };
  for await (const page of paginateGetExecutionHistory({ client }, asked)) {
    events.push(...(page.events ?? []));
  }
  return {
    arn,
    machine: stateMachineArn.split(':').at(-1),
    status,
    started: seconds(startDate),
    stopped: stopDate === undefined ? null : seconds(stopDate),
    problem: error === undefined ? null : readable(`${error}: ${cause ?? ''}`),
    picture,
    path: pathOf(
      events.map(({ type = '', timestamp, stateEnteredEventDetails, stateExitedEventDetails }) => ({
        type,
        at: seconds(timestamp),
        state: stateEnteredEventDetails?.name ?? stateExitedEventDetails?.name,
      })),
    ),
  };
}

const seconds = (date: Date | undefined): number => (date?.getTime() ?? 0) / 1000;

interface Ports {
  readonly states: SFNClient;
  readonly watch: Watch;
}

async function carryOut(one: Act, about: About, ports: Ports): Promise<{ told: string; execution?: string }> {
  if (isOfLab(one)) {
    return { told: await layHands(about.lab ?? '', one) };
  }
  switch (one.do) {
    case 'scale':
      return scale(one, ports.watch);
    case 'plan':
      return plan(about, ports);
    case 'tidy':
      return start('tidy', { cluster: about.cluster, dryRun: false, repairHooks: false }, about, ports);
    case 'rebalance':
      return start('rebalance', { cluster: about.cluster }, about, ports);
  }
}

async function scale({ group, desired }: Extract<Act, { do: 'scale' }>, watch: Watch): Promise<{ told: string }> {
  const own = (await watch.fresh()).groups.map(({ name }) => name);
  if (!own.includes(group)) {
    throw new UsageError(`${group} is no group of this cluster: it has ${own.join(', ')}`);
  }
  await autoScalingClient().send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: desired }),
  );
  return { told: `${group} is to have ${desired}` };
}

/** It goes on by itself: the page shows the way that it takes. */
async function start(
  machine: string,
  input: unknown,
  { stage }: About,
  { states }: Ports,
): Promise<{ told: string; execution: string }> {
  const arn = await machineArn(states, `skep-${stage}-${machine}`);
  const execution = await new Promise<string>((resolve, reject) => {
    runExecution(states, arn, input, { started: resolve }).catch(reject);
  });
  return { told: `a ${machine} has been started`, execution };
}

async function plan({ cluster, stage }: About, { states, watch }: Ports): Promise<{ told: string; execution: string }> {
  const arn = await machineArn(states, `skep-${stage}-tidy`);
  const input = { cluster, dryRun: true, repairHooks: false };
  const {
    succeeded,
    output,
    problem,
    arn: execution,
  } = await runExecution(states, arn, input, {
    started: () => undefined,
  });
  if (!succeeded) {
    throw new Error(`nothing is known: ${readable(problem)}`);
  }
  const { repairs, reports } = tidied.parse(output).plan;
  const { at } = await watch.fresh();
  watch.plan({
    at,
    repairs: repairs.map((one) => ({ kind: one.kind, whom: whom(one), because: one.because })),
    reports: reports.map((one) => ({
      whom: [one.instance, one.group, one.nodeId].filter(Boolean).join(' '),
      because: one.because,
    })),
  });
  return {
    told: repairs.length === 0 ? 'a tidy would do nothing' : `a tidy would do ${repairs.length} thing(s)`,
    execution,
  };
}
