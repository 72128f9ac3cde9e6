// How each fact that a step is decided by is read: at the moment of use, since managers come and go.
import { desiredManagers, isGoneFrom, isInAnyGroup, isUnhealthy } from '../aws/auto-scaling.ts';
import { findCommand, hasWorkedSince, readInvocation } from '../aws/run-command.ts';
import { terminateHook } from '../core/names.ts';
import { toComment } from '../core/steps/rendezvous.ts';
import type { Facts, Question, SeenElsewhere, Step } from '../core/steps/step.ts';
import { goesLast } from './goes-last.ts';
import type { StepPorts } from './ports.ts';

type QuestionAbout<Fact> = Extract<Question, { readonly fact: Fact }>;
type Readers = {
  readonly [Fact in Question['fact']]: (
    ports: StepPorts,
    step: Step,
    question: QuestionAbout<Fact>,
  ) => Promise<Facts[Fact]>;
};

export async function readFact(ports: StepPorts, step: Step, question: Question): Promise<Partial<Facts>> {
  const read = READERS[question.fact] as (ports: StepPorts, step: Step, question: Question) => Promise<unknown>;
  return { [question.fact]: await read(ports, step, question) };
}

const READERS: Readers = {
  hold: async ({ holds }, { key }) => (await holds.read(key.cluster)) ?? null,
  swarm: readSwarm,
  candidates: ({ table }, { key }) => table.managerNodes(key.cluster),
  record: async ({ table }, { key }) => (await table.readLeader(key.cluster)).record ?? null,
  wanted: ({ autoScaling, stage }, { key }) => desiredManagers(autoScaling, key.cluster, terminateHook(stage)),
  config: ({ table }, { key }) => table.readConfig(key.cluster),
  addresses: ({ ec2 }, { plan }) => ec2.of(plan.instance ?? ''),
  whose: seenElsewhere,
  isUnhealthy: ({ autoScaling }, { plan }) => isUnhealthy(autoScaling, plan.instance ?? ''),
  earlier: searchCommand,
  invocation: async ({ ssm }, _step, { of }) => (await readInvocation(ssm, of.commandId, of.target)) ?? null,
  isInAnyGroup: ({ autoScaling }, _step, { of }) => isInAnyGroup(autoScaling, of.target),
  hasWorked: ({ ssm, now }, _step, { of }) => hasWorkedSince(ssm, of.target, of.sentAt ?? now()),
  goesLast: (ports, { key }) => goesLast(ports, key),
  isGone: ({ autoScaling, pause }, { plan }) => isGoneFrom(autoScaling, plan.instance ?? '', plan.group, pause),
  isMarked: ({ holds }, { key }) => holds.isMarked(key),
};

async function readSwarm({ table }: StepPorts, { key }: Step): Promise<Facts['swarm']> {
  const [state, { record, defect }] = await Promise.all([table.readState(key.cluster), table.readLeader(key.cluster)]);
  return { state: state ?? null, record: record ?? null, defect: defect ?? '' };
}

async function seenElsewhere(
  { ec2, table }: StepPorts,
  { key }: Step,
  { address, nodeId }: QuestionAbout<'whose'>,
): Promise<SeenElsewhere> {
  const [instances, namedBy] = await Promise.all([
    address === '-' ? [] : ec2.instancesAt(address),
    table.namedBy(key.cluster, nodeId),
  ]);
  return { instances, namedBy };
}

/** Searches for the command by its comment, after the answer of SendCommand was lost. It keeps what it finds, so that the next look does not search. */
async function searchCommand(
  { ssm, table }: StepPorts,
  { key }: Step,
  question: QuestionAbout<'earlier'>,
): Promise<Facts['earlier']> {
  const { target, since } = question;
  const commandId = await findCommand(ssm, target, toComment({ ...key, try: question.try }), since);
  if (commandId === undefined) {
    return null;
  }
  await table.park(key, { commandId, target });
  return { commandId, target };
}
