// Short days that are about one thing each: the work and the trouble that meet where two executions, or skep and AWS, get in each other's way.
// What is drawn from everything that may happen brings them together in one seed of hundreds.
import type { Choice, Dice } from '../dice.ts';
import type { Sketch } from './sketch.ts';
import type { WrittenStep } from './written.ts';

export interface Theme extends Choice<readonly WrittenStep[]> {
  readonly theme: string;
}

const LAUNCH = 'EC2 Instance-launch Lifecycle Action';
const TERMINATE = 'EC2 Instance-terminate Lifecycle Action';
const ENDED = 'EC2 Command Invocation Status-change Notification';

const after = (dice: Dice, ...those: readonly string[]): WrittenStep => ({ advance: dice.pick(those) });
const fault = (what: WrittenStep): WrittenStep => ({ fault: what });
const docker = (run: string): WrittenStep => ({ docker: { group: 'managers', run } });

export function themes(dice: Dice, sketch: Sketch): Theme[] {
  return [
    { theme: 'managers leave at once', weight: 5, make: () => managersLeave(dice) },
    { theme: 'down, and left out of an answer', weight: 3, make: () => leftOut(dice) },
    { theme: 'a step fails for a while', weight: 4, make: () => stepFails(dice, sketch) },
    { theme: 'leaves while it joins', weight: 3, make: () => leavesWhileJoining(dice, sketch) },
    { theme: 'leaves while its tasks stop', weight: 3, make: () => tasksStop(dice, sketch) },
    { theme: 'services are handed over', weight: 4, make: () => handOver(dice, sketch) },
    { theme: 'tasks are spread anew', weight: 4, make: () => spreadAnew(dice, sketch) },
    { theme: 'events come twice', weight: 2, make: () => eventsTwice(dice, sketch) },
    { theme: 'events are lost', weight: 3, make: () => eventsLost(dice, sketch) },
    { theme: 'commands begin late', weight: 2, make: () => commandsLate(dice, sketch) },
  ];
}

/** Before the cluster stands: the founder is slow, or nobody hears of what it has done. */
export function founding(dice: Dice): WrittenStep[] {
  const slow = dice.pick<WrittenStep>([
    { document: 'init', effect: 'late', by: dice.pick(['90s', '4m', '6m']) },
    { document: 'init', effect: 'begins-late', by: dice.pick(['90s', '4m', '6m']) },
    { document: 'init', effect: 'begins-late', by: '4m' },
    { document: 'init', effect: 'lost' },
    { document: 'init', status: dice.pick(['Undeliverable', 'TimedOut']), times: dice.pick([1, 2]) },
    { event: { 'detail-type': [ENDED] }, effect: dice.pick(['late', 'drop']), by: '3m' },
  ]);
  return [fault(slow), after(dice, '3m', '6m', '12m')];
}

/** One replacement has come, and more than one manager would go. */
function managersLeave(dice: Dice): WrittenStep[] {
  const goes: WrittenStep = { terminate: { group: 'managers', decrement: false } };
  const led: WrittenStep = { terminate: { group: 'managers', leader: true, decrement: false } };
  const steps = [goes, after(dice, '2s', '5s', '7s', '9s', '12s'), dice.chance(0.3) ? led : goes];
  const more = dice.chance(0.3) ? [after(dice, '5s', '9s', '20s'), goes] : [];
  const refreshed: WrittenStep[] = [
    { refresh: { group: 'managers', range: { minHealthy: 50, maxHealthy: 100 }, awaitsTermination: dice.chance(0.5) } },
  ];
  const all = dice.chance(0.15) ? refreshed : [...steps, ...more];
  return [...all, after(dice, '20s', '1m', '12m')];
}

/** A node that is down, and whose instance lives, while EC2 does not tell of it. */
function leftOut(dice: Dice): WrittenStep[] {
  const what = dice.pick(['engine', 'cable']);
  const [off, on] = what === 'engine' ? [{ runs: false }, { runs: true }] : [{ connected: false }, { connected: true }];
  const group = 'workers-1';
  const call = dice.pick(['ec2.DescribeInstances', 'ec2.DescribeInstances', 'autoscaling.DescribeAutoScalingGroups']);
  const left = dice.chance(0.8) ? [fault({ call, effect: 'leave-out', group, times: dice.pick([1, 1, 2, 4]) })] : [];
  return [
    { [what]: { group, ...off } },
    after(dice, '40s', '1m', '3m'),
    ...left,
    ...(dice.chance(0.7) ? [{ tidy: {} }] : []),
    after(dice, '20s', '12m'),
    { [what]: { group, ...on } },
    after(dice, '20s', '1m'),
  ];
}

/** Once, or so often that no retry is left. */
function stepFails(dice: Dice, sketch: Sketch): WrittenStep[] {
  const document = dice.pick(['drain', 'drain', 'drain', 'forget', 'leave', 'join', 'confirm']);
  const times = dice.pick([1, 2, 7, 12]);
  const how = dice.pick<WrittenStep>([
    { exitCode: dice.pick([1, 99]) },
    { exitCode: dice.pick([1, 99]) },
    { status: 'Failed' },
    { status: 'Undeliverable' },
    { effect: 'lost' },
    { effect: 'cut-off' },
  ]);
  const isArrival = document === 'join' || document === 'confirm';
  return [
    fault({ document, ...how, times }),
    isArrival ? more(dice, sketch) : fewer(sketch),
    after(dice, '1m', '5m', '12m'),
  ];
}

function leavesWhileJoining(dice: Dice, sketch: Sketch): WrittenStep[] {
  const slow = dice.pick<WrittenStep>([
    { document: 'confirm', effect: 'late', by: '4m' },
    { document: 'confirm', effect: 'lost' },
    { document: 'confirm', exitCode: 32, times: 12 },
    { document: 'join', effect: 'late', by: '4m' },
    { document: 'join', effect: 'lost' },
  ]);
  return [
    fault(slow),
    more(dice, sketch),
    after(dice, '14s', '20s', '1m'),
    { terminate: { group: 'workers-1', youngest: true, decrement: dice.chance(0.3) } },
    after(dice, '20s', '1m', '5m'),
  ];
}

/** Nobody waits on the instance for its tasks: only its managers say whether they have stopped. */
function tasksStop(dice: Dice, sketch: Sketch): WrittenStep[] {
  const alone = dice.pick<WrittenStep>([
    { agent: { group: 'workers-1', online: false } },
    fault({ document: 'leave', status: 'Undeliverable', times: 12 }),
    fault({ document: 'leave', exitCode: 1, times: 12 }),
    fault({ document: 'leave', effect: 'lost' }),
  ]);
  return [alone, fewer(sketch), after(dice, '1m', '3m'), { agent: { group: 'workers-1', online: true } }];
}

/** After a deploy, so that there is a spec before; and in every second one another deploy comes in between. */
function handOver(dice: Dice, sketch: Sketch): WrittenStep[] {
  const name = sketch.someService(dice);
  const deploy = (): WrittenStep =>
    docker(
      `service update --detach --quiet --no-resolve-image ${dice.pick([`--env-add MARK=${dice.between(1, 9)}`, `--replicas ${dice.between(2, 5)}`])} ${name}`,
    );
  return [
    deploy(),
    after(dice, '20s', '1m'),
    dice.chance(0.7) ? fewer(sketch) : { start: { machine: 'rebalance', input: { cluster: 'demo' } } },
    after(dice, '5s', '20s', '1m'),
    ...(dice.chance(0.3) ? [deploy()] : []),
    after(dice, '1m', '5m', '12m'),
    more(dice, sketch),
    after(dice, '20s', '1m'),
  ];
}

/** All tasks have come together on one node, and there are more nodes now. */
function spreadAnew(dice: Dice, sketch: Sketch): WrittenStep[] {
  const [first, second] = [dice.pick([1, 1, 2]), dice.pick([2, 3, 4])];
  const group = sketch.groups.find(({ name }) => name === 'workers-1');
  if (group !== undefined) group.desired = second;
  return [
    { scale: { group: 'workers-1', to: first } },
    after(dice, '3m', '5m'),
    { scale: { group: 'workers-1', to: second } },
    after(dice, '1m', '3m'),
    { start: { machine: 'rebalance', input: { cluster: 'demo' } } },
    after(dice, '20s', '1m', '5m'),
  ];
}

function eventsTwice(dice: Dice, sketch: Sketch): WrittenStep[] {
  const event = { 'detail-type': [dice.pick([LAUNCH, TERMINATE, TERMINATE, ENDED])] };
  const twice = fault({ event, effect: 'duplicate', times: dice.pick([1, 2, 5]) });
  const goes: WrittenStep = { terminate: { group: dice.pick(['workers-1', 'managers']), decrement: false } };
  return [twice, dice.chance(0.6) ? goes : more(dice, sketch), after(dice, '20s', '3m')];
}

function eventsLost(dice: Dice, sketch: Sketch): WrittenStep[] {
  const isLaunch = dice.chance(0.5);
  const lost = fault({
    event: { 'detail-type': [isLaunch ? LAUNCH : TERMINATE] },
    effect: dice.pick(['drop', 'drop', 'late']),
    by: '20m',
    times: dice.pick([1, 2, 5]),
  });
  const change: WrittenStep = {
    hook: { group: 'workers-1', of: 'launch', change: { timeout: 60, defaultResult: 'CONTINUE' } },
  };
  return [
    ...(isLaunch && dice.chance(0.8) ? [change] : []),
    lost,
    isLaunch ? more(dice, sketch) : fewer(sketch),
    after(dice, '3m', '12m'),
  ];
}

function commandsLate(dice: Dice, sketch: Sketch): WrittenStep[] {
  const document = dice.pick(['drain', 'forget', 'demote', 'confirm', 'join', 'leave', 'shift']);
  const late = fault({
    document,
    effect: 'begins-late',
    by: dice.pick(['4m', '20m', '20m']),
    times: dice.pick([1, 2]),
  });
  const goes: WrittenStep = { terminate: { group: 'managers', decrement: false } };
  const work = document === 'demote' ? goes : dice.pick([fewer, fewer, () => more(dice, sketch)])(sketch);
  return [late, work, after(dice, '5m', '12m', '30m')];
}

/** One worker less, or one that is replaced where there is none to spare. */
function fewer(sketch: Sketch): WrittenStep {
  const group = sketch.groups.find(({ name }) => name === 'workers-1');
  if (group === undefined || group.desired < 2) {
    return { terminate: { group: 'workers-1', decrement: false } };
  }
  group.desired -= 1;
  return { scale: { group: group.name, to: group.desired } };
}

function more(dice: Dice, sketch: Sketch): WrittenStep {
  const group = sketch.groups.find(({ name }) => name === 'workers-1');
  const to = Math.min((group?.desired ?? 0) + dice.between(1, 2), 4);
  if (group !== undefined) group.desired = to;
  return { scale: { group: 'workers-1', to } };
}
