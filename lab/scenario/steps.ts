// Takes one step of a scenario.
import type { CallFault } from '../aws/endpoint.ts';
import { parsePattern } from '../aws/events/pattern.ts';
import { makeNames } from './dns.ts';
import type { DnsStep } from './dns.ts';
import { disturb, isDisturbance, member, replace } from './disturbances.ts';
import { armCommandFault } from './command-fault.ts';
import type { Disturbance } from './disturbances.ts';
import { deploy } from './deploy.ts';
import { createService, leaveGhost, operate, putLoad } from './operator.ts';
import { knownState, machineArn } from './machine.ts';
import { changeMembers } from './membership.ts';
import { isMembershipStep } from './membership-schema.ts';
import type { MembershipStep } from './membership-schema.ts';
import { changeHook, changeTags, writeItem, writeRecord } from './record.ts';
import { makeRogue } from './rogue.ts';
import type { ScenarioRun } from './run.ts';
import { takeTurns } from './each.ts';
import type { PlainStep, Step } from './schema.ts';
import { StepFailed } from './step-failed.ts';
import type { UpgradeStep } from './upgrade.ts';

type Part<Kind extends string> = Extract<PlainStep, Readonly<Record<Kind, unknown>>>;

export async function takeStep(run: ScenarioRun, step: Step): Promise<void> {
  await ('each' in step ? takeTurns(run, step.each, (one) => takePlainStep(run, one)) : takePlainStep(run, step));
}

async function takePlainStep(run: ScenarioRun, step: PlainStep): Promise<void> {
  if ('settle' in step) {
    await waitUntilIdle(run, step.settle);
  } else if ('advance' in step) {
    run.say(`${step.advance / 1000} s pass`);
    await run.lab.clock.advance(step.advance);
  } else if ('wait' in step) {
    await waitFor(run, step.wait);
  } else if ('expect' in step) {
    await run.expect(step.expect);
  } else if ('measure' in step) {
    await run.measure(step.measure.as);
  } else if (isDisturbance(step)) {
    await disturb(run, step);
  } else if (isMembershipStep(step)) {
    await changeMembers(run, step);
  } else if ('fault' in step) {
    await inject(run, step.fault);
  } else if (isTyped(step)) {
    await typeIn(run, step);
  } else {
    doAtOnce(run, step);
  }
}

function doAtOnce(run: ScenarioRun, step: Outside | Act): void {
  if ('webhook' in step || 'deadLetter' in step || 'deploy' in step) {
    outside(run, step);
  } else {
    act(run, step);
  }
}

/** What a person types. */
type Typed =
  | Part<'service'>
  | Part<'load'>
  | Part<'ghost'>
  | Part<'docker'>
  | Part<'hold'>
  | Part<'unhold'>
  | Part<'erase'>
  | Part<'swarm'>
  | Part<'adopt'>
  | Part<'release'>
  | UpgradeStep
  | DnsStep
  | Part<'record'>
  | Part<'item'>
  | Part<'hook'>
  | Part<'tags'>;

/** What is between skep and people, or changes skep itself. */
type Outside = Part<'webhook'> | Part<'deadLetter'> | Part<'deploy'>;

const TYPED: readonly string[] = [
  ...['service', 'load', 'ghost', 'docker', 'hold', 'unhold', 'erase', 'swarm', 'adopt', 'release'],
  ...['image', 'roll', 'remove', 'zone', 'records', 'resolve'],
  ...['record', 'item', 'hook', 'tags'],
];

const isTyped = (step: PlainStep): step is Typed => TYPED.some((kind) => kind in step);

async function typeIn(run: ScenarioRun, step: Typed): Promise<void> {
  if ('service' in step) {
    await createService(run, step.service);
  } else if ('load' in step) {
    await putLoad(run, step.load);
  } else if ('ghost' in step) {
    await leaveGhost(run, step.ghost.service);
  } else if ('docker' in step) {
    await operate(run, step.docker);
  } else {
    await typeOfCluster(run, step);
  }
}

type Services = Part<'service'> | Part<'load'> | Part<'ghost'> | Part<'docker'>;

/** What only few scenarios do is loaded by those: it needs clients of services, megabytes of code each, that the others do without. */
async function typeOfCluster(run: ScenarioRun, step: Exclude<Typed, Services>): Promise<void> {
  if ('hold' in step) {
    await (await import('./hold.ts')).hold(run, step.hold.because);
  } else if ('erase' in step) {
    await (await import('./erase.ts')).erase(run, step.erase);
  } else if ('unhold' in step) {
    await (await import('./hold.ts')).unhold(run);
  } else if ('swarm' in step || 'adopt' in step || 'release' in step) {
    await adoptOrRelease(run, step);
  } else if ('image' in step || 'roll' in step || 'remove' in step) {
    await (await import('./upgrade.ts')).upgrade(run, step);
  } else {
    await changeByHand(run, step);
  }
}

async function adoptOrRelease(run: ScenarioRun, step: Part<'swarm'> | Part<'adopt'> | Part<'release'>): Promise<void> {
  const { adopt, makeSwarm, release } = await import('./adopt.ts');
  if ('swarm' in step) {
    await makeSwarm(run, step.swarm);
  } else if ('adopt' in step) {
    await adopt(run, step.adopt);
  } else {
    await release(run);
  }
}

async function changeByHand(
  run: ScenarioRun,
  step: DnsStep | Part<'record'> | Part<'item'> | Part<'hook'> | Part<'tags'>,
): Promise<void> {
  if ('zone' in step || 'records' in step || 'resolve' in step) {
    makeNames(run, step);
  } else if ('record' in step) {
    await writeRecord(run, step.record);
  } else if ('item' in step) {
    await writeItem(run, step.item);
  } else if ('hook' in step) {
    changeHook(run, step.hook);
  } else {
    changeTags(run, step.tags);
  }
}

function outside({ lab, say }: ScenarioRun, step: Outside): void {
  if ('deploy' in step) {
    deploy(lab, say, step.deploy);
  } else if ('webhook' in step) {
    say(`the webhook is ${step.webhook.up ? 'up' : 'down'}`);
    lab.console.webhook.isUp = step.webhook.up;
  } else {
    say('an event that nobody can handle ends in the dead-letter queue');
    const [rule] = lab.stack.rules;
    lab.bus.deadLetters.push({
      at: lab.clock.now(),
      rule: rule?.name ?? '',
      target: '',
      error: 'scenario',
      event: {},
      failed: false,
    });
    lab.console.letterDied(lab.bus.deadLetters.length);
  }
}

async function waitUntilIdle(run: ScenarioRun, limit: number): Promise<void> {
  if (await run.lab.runUntilIdle(limit)) {
    return;
  }
  const running = run.lab.executions.filter(({ status }) => status === 'RUNNING').length;
  const open = run.lab.autoScaling.actions.size;
  throw new StepFailed(`not settled within ${limit / 1000} s: ${running} execution(s) running, ${open} hook(s) open`);
}

const LOOK_EVERY = 1000;
async function waitFor(run: ScenarioRun, { for: expectations, within }: Part<'wait'>['wait']): Promise<void> {
  const end = run.lab.clock.now() + within;
  for (;;) {
    const results = await run.checkAll(expectations);
    if (results.every(({ ok }) => ok)) {
      return;
    }
    if (run.lab.clock.now() >= end) {
      const missed = results.filter(({ ok }) => !ok).map(({ what, seen }) => `${what}, seen ${JSON.stringify(seen)}`);
      throw new StepFailed(`not within ${within / 1000} s: ${missed.join('; ')}`);
    }
    await run.lab.clock.advance(LOOK_EVERY);
  }
}

/** Steps that are done at once. */
type Act = Exclude<
  PlainStep,
  | { settle: unknown }
  | { advance: unknown }
  | { wait: unknown }
  | { expect: unknown }
  | { service: unknown }
  | { load: unknown }
  | { ghost: unknown }
  | { docker: unknown }
  | { measure: unknown }
  | { fault: unknown }
  | Disturbance
  | MembershipStep
  | { hold: unknown }
  | { unhold: unknown }
  | { erase: unknown }
  | { swarm: unknown }
  | { adopt: unknown }
  | { release: unknown }
  | UpgradeStep
  | DnsStep
  | { record: unknown }
  | Outside
  | { item: unknown }
  | { hook: unknown }
  | { tags: unknown }
>;

function act(run: ScenarioRun, step: Act): void {
  const { lab } = run;
  if ('scale' in step) {
    const { group } = step.scale;
    const to = 'to' in step.scale ? step.scale.to : lab.autoScaling.group(group).desired + step.scale.by;
    run.say(`${group} scales to ${to}`);
    lab.autoScaling.setDesired(group, to);
  } else if ('unhealthy' in step || 'refresh' in step) {
    replace(run, step);
  } else if ('rogue' in step) {
    makeRogue(run, step.rogue);
  } else if ('event' in step) {
    const { times, detail, ...event } = step.event;
    for (let time = 0; time < times; time += 1) {
      lab.bus.put({ resources: [], ...event, detail: fillIn(run, detail) });
    }
  } else {
    control(run, step);
  }
}

function control(
  run: ScenarioRun,
  step: Extract<Act, { tidy: unknown } | { start: unknown } | { stop: unknown }>,
): void {
  const { lab } = run;
  if ('tidy' in step) {
    run.say('a tidy is started by hand');
    lab.states.start(machineArn(run, 'tidy'), undefined, { cluster: run.scenario.cluster });
  } else if ('start' in step) {
    lab.states.start(machineArn(run, step.start.machine), undefined, fillIn(run, step.start.input));
  } else {
    stop(run, step.stop);
  }
}

/** Now, or, where a state is named, as soon as one enters it. */
function stop(run: ScenarioRun, { machine, state }: Part<'stop'>['stop']): void {
  const arn = machineArn(run, machine);
  if (state !== undefined) {
    const stop = { machineArn: arn, state: knownState(run, machine, state) };
    run.arm(run.lab.stopAt, stop, () => !run.lab.stopAt.includes(stop));
    return;
  }
  for (const execution of run.lab.executions) {
    if (execution.stateMachine.arn === arn && execution.status === 'RUNNING') {
      run.say(`${execution.name} is stopped`);
      execution.stop('Stopped', 'the scenario stopped it');
    }
  }
}

async function inject(run: ScenarioRun, fault: Part<'fault'>['fault']): Promise<void> {
  const { lab } = run;
  run.say(`fault: ${JSON.stringify(fault)}`);
  if ('call' in fault) {
    if (!lab.endpoint.knows(fault.call)) {
      throw new StepFailed(`nothing calls ${fault.call}: a call is written like ssm.SendCommand`);
    }
    armFault(run, lab.endpoint.faults, callFault(run, fault));
  } else if ('document' in fault) {
    await armCommandFault(run, fault);
  } else {
    const { effect: kind, by: ms = 0 } = fault;
    const effect = kind === 'delay' || kind === 'late' ? { kind, ms } : { kind };
    armFault(run, lab.bus.faults, { pattern: parsePattern(fault.event), effect, times: fault.times });
  }
}

function callFault({ lab }: ScenarioRun, fault: Extract<Part<'fault'>['fault'], { call: string }>): CallFault {
  const { call: operation, effect, group, times } = fault;
  const left = group === undefined ? undefined : new Set(lab.autoScaling.group(group).members.keys());
  return { operation, effect, times, ...(left === undefined ? {} : { leavesOut: (id): boolean => left.has(id) }) };
}

function armFault<Fault extends { readonly times: number }>(run: ScenarioRun, list: Fault[], fault: Fault): void {
  const { times } = fault;
  run.arm(list, fault, () => fault.times < times);
}

/** In events and inputs of a scenario `$group` stands for an instance of that group, whose id nobody can know before. */
function fillIn(run: ScenarioRun, detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fill = (value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('$') ? member(run, value.slice(1)).instanceId : value;
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [key, Array.isArray(value) ? value.map(fill) : fill(value)]),
  );
}
