// Starts one instance in a group, for `skep verify --launch`, looks at what AWS and skep do with it, and removes it again, however this ends.
import { SetDesiredCapacityCommand } from '@aws-sdk/client-auto-scaling';
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DescribeExecutionCommand, ListExecutionsCommand, paginateListExecutions } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { paginateListCommands } from '@aws-sdk/client-ssm';
import type { SSMClient } from '@aws-sdk/client-ssm';

import { describeGroup, describeInstance } from '../aws/auto-scaling.ts';
import type { Group } from '../aws/auto-scaling.ts';
import { errorName, messageOf } from '../aws/errors.ts';
import { machineNamed } from '../aws/executions.ts';
import { removeInstance } from '../aws/instance-refresh.ts';
import { readInvocation, sendCommand } from '../aws/run-command.ts';
import { FlowError } from '../core/errors.ts';
import { isUnderWay } from '../core/steps/result.ts';
import type { Reading } from '../core/verify/facts.ts';
import type { LaunchSeen } from '../core/verify/launch.ts';
import { newcomersIn, takingBack } from '../core/verify/take-back.ts';

export interface LaunchPorts {
  readonly stage: string;
  readonly autoScaling: AutoScalingClient;
  readonly ssm: SSMClient;
  readonly states: SFNClient;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Rejects when the person has thought better of it. */
  readonly pause: (ms: number) => Promise<void>;
  /** The same, and never rejects: what was started is removed all the same. */
  readonly pauseAnyway: (ms: number) => Promise<void>;
  readonly say: (text: string) => void;
  /** Is told what is left in the account if it is ended from here on. */
  readonly leaves: (text: string) => void;
}

type LaunchRecord = { -readonly [K in keyof LaunchSeen]: LaunchSeen[K] };

export interface LaunchOutcome {
  readonly seen: LaunchSeen;
  /** A problem where it ended early. */
  readonly reading: Reading<true>;
  /** What became of what was started, in words. */
  readonly done: string;
  /** What is left of it in the account, in words; undefined where nothing is. */
  readonly left: string | undefined;
}

/** Nothing was started: the group is another one than a person has said yes to. */
export class NotLaunched extends Error {}

const MINUTE = 60_000;
/** Longer than that AWS takes for none of it. */
const LONGEST = {
  instance: 5 * MINUTE,
  agent: 10 * MINUTE,
  probe: 2 * MINUTE,
  service: 30 * MINUTE,
  gone: 30 * MINUTE,
  execution: 5 * MINUTE,
};
const LOOK_EVERY = 2000;
const LOOK_AT_EXECUTIONS_EVERY = 10_000;
const COMMENT = 'skep verify: reads its patterns, and is too old to do anything';

/**
 * @param confirmed as a person has seen it
 * @throws {NotLaunched} where the group has changed since
 */
export async function launchToVerify(ports: LaunchPorts, confirmed: Group): Promise<LaunchOutcome> {
  const seen: LaunchRecord = { group: confirmed.name };
  const begun: Begun = { group: undefined, executions: new Set() };
  let reading = await endingEarly(() => launchAndLook(ports, confirmed, seen, begun));
  const { group } = begun;
  if (group === undefined) {
    return { seen, reading, done: NOTHING, left: undefined };
  }
  const { done, left, wants } = await takenBack(ports, group, seen);
  ports.leaves(left ?? done);
  if (left === undefined && !('problem' in reading) && seen.instance !== undefined) {
    reading = await endingEarly(() => lookAtTheEnd(ports, seen, begun.executions, wants));
  }
  return { seen, reading, done, left };
}

const NOTHING = 'nothing was changed';

async function endingEarly(look: () => Promise<void>): Promise<Reading<true>> {
  try {
    await look();
    return { seen: true };
  } catch (error) {
    if (error instanceof NotLaunched) {
      throw error;
    }
    return { problem: `it ended early (${errorName(error)}: ${messageOf(error)})` };
  }
}

const leftOf = (group: Group, { instance }: LaunchRecord): string =>
  instance === undefined
    ? `${group.name} may want one instance more than ${group.desired}: skep nodes tells which came last, and skep remove INSTANCE takes it out`
    : `${instance} runs in ${group.name}: skep remove ${instance} takes it out`;

interface Begun {
  /** Right before it was told to want one more; from there on there is something to take back. */
  group: Group | undefined;
  /** Executions that were there before, by their ARNs. */
  executions: ReadonlySet<string>;
}

async function launchAndLook(ports: LaunchPorts, confirmed: Group, seen: LaunchRecord, begun: Begun): Promise<void> {
  const since = ports.now();
  begun.executions = await executionsOf(ports);
  const group = await asConfirmed(ports, confirmed);
  begun.group = group;
  ports.leaves(leftOf(group, seen));
  await setDesired(ports, group.name, group.desired + 1);
  ports.say(`${group.name} wants ${instances(group.desired + 1)}`);
  const instance = await waitFor(ports, LONGEST.instance, () => newcomer(ports, group));
  if (instance === undefined) {
    throw new Error(`no instance came to ${group.name} within ${LONGEST.instance / MINUTE} minutes`);
  }
  seen.instance = instance;
  ports.leaves(leftOf(group, seen));
  ports.say(`${instance} is launched`);
  await probeAgent(ports, seen, instance, since);
  const lifecycle = await waitFor(ports, LONGEST.service, async () => {
    const now = await lifecycleOf(ports, instance);
    return now === 'InService' || now === 'gone' ? now : undefined;
  });
  seen.lifecycle = lifecycle ?? (await lifecycleOf(ports, instance));
  ports.say(`${instance} is ${seen.lifecycle}`);
  seen.scaleOut = await executionsAbout(ports, 'scale-out', instance, begun.executions);
  seen.commands = await commandsOf(ports, instance);
}

/**
 * The group anew, for what it wants is set as a number: one more than it wanted before a policy has scaled it out would scale it in. AWS
 * sets it under no condition, so this is asked last.
 */
async function asConfirmed({ autoScaling, pause }: LaunchPorts, { name, desired }: Group): Promise<Group> {
  // Whoever has thought better of it by now need not pay for an instance.
  await pause(0);
  const now = await describeGroup(autoScaling, name);
  if (now === undefined) {
    throw new NotLaunched(`${name} is not there any more`);
  }
  if (now.desired !== desired) {
    throw new NotLaunched(`${name} wants ${now.desired} instances by now, and not ${desired}: somebody else scales it`);
  }
  return now;
}

/** Undefined where it did not come about within the time, milliseconds. */
async function waitFor<T>(
  { now, pause }: Pick<LaunchPorts, 'now' | 'pause'>,
  within: number,
  look: () => Promise<T | undefined>,
  every = LOOK_EVERY,
): Promise<T | undefined> {
  const until = now() + within;
  for (;;) {
    const found = await look();
    if (found !== undefined || now() >= until) {
      return found;
    }
    await pause(every);
  }
}

async function setDesired({ autoScaling }: LaunchPorts, group: string, desired: number): Promise<void> {
  await autoScaling.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName: group, DesiredCapacity: desired, HonorCooldown: false }),
  );
}

async function newcomer({ autoScaling }: LaunchPorts, before: Group): Promise<string | undefined> {
  const now = await describeGroup(autoScaling, before.name);
  return now === undefined ? undefined : newcomersIn(now, before)[0];
}

const lifecycleOf = async ({ autoScaling }: LaunchPorts, instance: string): Promise<string> =>
  (await describeInstance(autoScaling, instance))?.lifecycle ?? 'gone';

async function probeAgent(ports: LaunchPorts, seen: LaunchRecord, instance: string, since: number): Promise<void> {
  const refusals = new Set<string>();
  const sent = await waitFor(ports, LONGEST.agent, async () => {
    const answer = await sendProbe(ports, instance);
    if ('refused' in answer) refusals.add(answer.refused);
    return 'id' in answer ? answer.id : undefined;
  });
  seen.refusals = [...refusals];
  seen.agentAfter = sent === undefined ? Number.POSITIVE_INFINITY : (ports.now() - since) / 1000;
  if (sent === undefined) {
    return;
  }
  ports.say(`its agent is there after ${Math.round(seen.agentAfter)} s`);
  const from = ports.now();
  const invocation = await waitFor(ports, LONGEST.probe, async () => {
    const found = await readInvocation(ports.ssm, sent, instance);
    if (found !== undefined) seen.knownAfter ??= (ports.now() - from) / 1000;
    return found === undefined || isUnderWay(found.status) ? undefined : found;
  });
  seen.knownAfter ??= Number.POSITIVE_INFINITY;
  const { status, responseCode, stdout } = invocation ?? { status: 'InProgress', responseCode: -1, stdout: '' };
  seen.probe = { status, responseCode, stdout };
}

/** In 2001: the clocks of this machine and of AWS are not compared. */
const LONG_AGO = '1000000000';
const IDS = ['a', 'b'].map((letter) => letter.repeat(25));

/** SSM's words about an instance that takes no commands. Any other error says nothing of its agent: a missing right, a throttle, credentials. */
const ABOUT_INSTANCES = /Instance|Target|Platform/;

/** One of the documents with the longest patterns, with values that take all of them, and a time at which nothing begins any more. */
async function sendProbe(
  { ssm, stage }: LaunchPorts,
  instance: string,
): Promise<{ readonly id: string } | { readonly refused: string }> {
  const [service = '', node = ''] = IDS;
  const parameters = {
    ...{ cluster: 'verify', notAfter: LONG_AGO, executionTimeout: '60', tell: `ids:${service},${node}` },
    changes: `${service}@1@exclude@${LONG_AGO}@${node}+${service},${service}@1@more@${LONG_AGO}`,
  };
  const command = { verb: 'shift', target: instance, parameters, deliveryTimeout: 60, lockUntil: undefined } as const;
  try {
    const answer = await sendCommand(ssm, stage, command, COMMENT);
    switch (answer.kind) {
      case 'sent':
        return { id: answer.commandId };
      case 'refused':
        return { refused: 'InvalidInstanceId' };
      case 'denied':
        throw answer.error;
      case 'uncertain':
        throw new FlowError('AwsUnavailable', answer.because);
    }
  } catch (error) {
    if (ABOUT_INSTANCES.test(errorName(error))) {
      return { refused: errorName(error) };
    }
    throw error;
  }
}

const FLOWS = ['scale-out', 'scale-in'] as const;
type Flow = (typeof FLOWS)[number];

/** Of both flows the youngest, which come first: what is none of them later has begun since. */
async function executionsOf({ states, stage }: LaunchPorts): Promise<ReadonlySet<string>> {
  const arns: string[] = [];
  for (const flow of FLOWS) {
    const stateMachineArn = await machineArn(states, `skep-${stage}-${flow}`);
    const { executions = [] } = await states.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 100 }));
    arns.push(...executions.map(({ executionArn = '' }) => executionArn));
  }
  return new Set(arns);
}

/** @returns the statuses of those that are about the instance, when none of them runs any more */
async function executionsAbout(
  ports: LaunchPorts,
  flow: Flow,
  instance: string,
  before: ReadonlySet<string>,
): Promise<readonly string[]> {
  const machine = await machineArn(ports.states, `skep-${ports.stage}-${flow}`);
  const others = new Set<string>();
  const look = (): Promise<string[]> => statusesAbout(ports.states, machine, instance, { before, others });
  const ended = await waitFor(
    ports,
    LONGEST.execution,
    async () => {
      const statuses = await look();
      return statuses.length > 0 && !statuses.includes('RUNNING') ? statuses : undefined;
    },
    LOOK_AT_EXECUTIONS_EVERY,
  );
  return ended ?? look();
}

/** @param others those that are not about it: what is found to be about another one is added, since each is described by a call */
async function statusesAbout(
  states: SFNClient,
  stateMachineArn: string,
  instance: string,
  { before, others }: { readonly before: ReadonlySet<string>; readonly others: Set<string> },
): Promise<string[]> {
  const found: string[] = [];
  for await (const { executions = [] } of paginateListExecutions({ client: states }, { stateMachineArn })) {
    const begun = executions.flatMap(({ executionArn: arn = '' }) => (before.has(arn) ? [] : [arn]));
    for (const executionArn of begun.filter((arn) => !others.has(arn))) {
      const { input = '', status = '' } = await states.send(new DescribeExecutionCommand({ executionArn }));
      if (input.includes(instance)) found.push(status);
      else others.add(executionArn);
    }
    // The youngest come first.
    if (begun.length < executions.length) break;
  }
  return found;
}

async function machineArn(states: SFNClient, name: string): Promise<string> {
  const found = await machineNamed(states, name);
  if (found === undefined) {
    throw new Error(`there is no state machine ${name}`);
  }
  return found;
}

async function commandsOf({ ssm, stage }: LaunchPorts, instance: string): Promise<NonNullable<LaunchSeen['commands']>> {
  const found: { document: string; status: string }[] = [];
  for await (const { Commands = [] } of paginateListCommands({ client: ssm }, { InstanceId: instance })) {
    found.push(...Commands.map(({ DocumentName: document = '', Status: status = '' }) => ({ document, status })));
  }
  return found.filter(({ document }) => document.startsWith(`skep-${stage}-`));
}

interface Taken extends Pick<LaunchOutcome, 'done' | 'left'> {
  /** What the group wants from then on; undefined where somebody else sets that. */
  readonly wants?: number;
}

async function takenBack(ports: LaunchPorts, group: Group, seen: LaunchRecord): Promise<Taken> {
  try {
    return await takeBack(ports, group, seen);
  } catch (error) {
    return { done: NOTHING, left: `${leftOf(group, seen)} (${errorName(error)}: ${messageOf(error)})` };
  }
}

/** Also where the first one was given up, and another came in its place. */
async function takeBack(ports: LaunchPorts, group: Group, seen: LaunchRecord): Promise<Taken> {
  const { name, desired } = group;
  const own = { now: ports.now, pause: ports.pauseAnyway };
  const found = await waitFor(own, MINUTE / 2, async () => {
    const now = await describeGroup(ports.autoScaling, name);
    const way = takingBack(group, now, seen.instance);
    return way.kind === 'nobody' ? undefined : { way, wanted: now?.desired };
  });
  if (found === undefined) {
    await setDesired(ports, name, desired);
    return told(ports, {
      done: `nothing had to be ended, and ${name} wants ${instances(desired)} again`,
      wants: desired,
    });
  }
  const { way, wanted } = found;
  if (way.kind === 'leave') {
    return { done: NOTHING, left: way.because };
  }
  if (way.kind === 'nothing') {
    return told(ports, { done: `nothing had to be ended: ${way.because}` });
  }
  seen.instance ??= way.instance;
  await removeInstance(ports.autoScaling, way.instance, way.shrinks);
  const leaves = `${way.instance} leaves ${name}, drained first if it has joined`;
  if (wanted === desired + 1) {
    return told(ports, { done: `${leaves}, and ${name} wants ${instances(desired)} again`, wants: desired });
  }
  const rest = `somebody else has set what ${name} wants to ${wanted ?? 0}`;
  return told(ports, { done: `${leaves}; ${rest}${way.shrinks ? ', and it wants one less now' : ''}` });
}

const instances = (count: number): string => `${count} instance${count === 1 ? '' : 's'}`;

function told({ say }: LaunchPorts, taken: Omit<Taken, 'left'>): Taken {
  say(taken.done);
  return { ...taken, left: undefined };
}

/** @param wants what its group is to want; undefined where nobody can say */
async function lookAtTheEnd(
  ports: LaunchPorts,
  seen: LaunchRecord,
  before: ReadonlySet<string>,
  wants: number | undefined,
): Promise<void> {
  const { instance = '' } = seen;
  const gone = await waitFor(ports, LONGEST.gone, async () =>
    (await lifecycleOf(ports, instance)) === 'gone' ? true : undefined,
  );
  seen.gone = gone ?? false;
  const after = await describeGroup(ports.autoScaling, seen.group);
  if (wants !== undefined) seen.desired = { before: wants, after: after?.desired ?? 0 };
  ports.say(`${instance} is ${seen.gone ? 'gone' : 'still there'}`);
  seen.scaleIn = await executionsAbout(ports, 'scale-in', instance, before);
  const refused = await waitFor(ports, MINUTE, async () => {
    const answer = await sendProbe(ports, instance);
    return 'refused' in answer ? answer.refused : undefined;
  });
  seen.refusedAfter = refused ?? 'nothing';
}
