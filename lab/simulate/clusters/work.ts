// What people and AWS do to a cluster every day.
import type { Choice, Dice } from '../dice.ts';
import { serviceChanges } from '../typed.ts';
import type { Sketch, SketchedGroup } from './sketch.ts';
import type { WrittenStep } from './written.ts';

/** By its kind: of some kinds there is nothing in a seed at all. */
export interface Kind extends Choice<readonly WrittenStep[]> {
  readonly kind: string;
}

const HEALTH = [
  { minHealthy: 90, maxHealthy: 110 },
  { minHealthy: 100, maxHealthy: 150 },
  { minHealthy: 50, maxHealthy: 100 },
];

/** In which CloudFormation may switch them. Executions that wait go on by the definition that they began with. */
const ORDERS = [
  ['functions', 'documents', 'machines'],
  ['machines', 'documents', 'functions'],
  ['documents', 'machines', 'functions'],
];

export function work(dice: Dice, sketch: Sketch): Kind[] {
  return [
    ...ofGroups(dice, sketch),
    ...ofInstances(dice, sketch),
    ...ofMemberships(dice, sketch),
    ...ofServices(dice, sketch),
    ...ofPeople(dice, sketch),
  ];
}

function ofGroups(dice: Dice, sketch: Sketch): Kind[] {
  const { groups, populated } = sketch;
  const workers = groups.filter(({ role }) => role === 'worker');
  const managers = groups.filter(({ role }) => role === 'manager');
  return [
    {
      ...{ kind: 'scale workers', weight: workers.length > 0 ? 8 : 0 },
      make: () => [scale(dice.pick(workers), dice.pick([0, 1, 2, 3, 4, 6, 8]))],
    },
    {
      ...{ kind: 'scale managers', weight: 2 },
      make: () => [scale(dice.pick(managers), dice.pick([1, 2, 3, 3, 3, 4, 5, 5, 7]))],
    },
    {
      ...{ kind: 'refresh', weight: populated.length > 0 ? 2 : 0 },
      make: () => {
        const { name } = dice.pick(populated);
        return [{ refresh: { group: name, range: dice.pick(HEALTH), awaitsTermination: dice.chance(0.5) } }];
      },
    },
    {
      ...{ kind: 'console: a hook', weight: 0.7 },
      make: () => {
        const change = dice.pick([{ timeout: dice.pick([60, 300, 3600]) }, { defaultResult: 'CONTINUE' }]);
        return [{ hook: { group: dice.pick(groups).name, of: dice.pick(['launch', 'terminate']), change } }];
      },
    },
  ];
}

function scale(group: SketchedGroup, to: number): WrittenStep {
  const changed = group;
  changed.desired = to;
  return { scale: { group: group.name, to } };
}

function ofInstances(dice: Dice, sketch: Sketch): Kind[] {
  const { populated } = sketch;
  const workers = populated.filter(({ role }) => role === 'worker');
  return [
    {
      ...{ kind: 'terminate', weight: populated.length > 0 ? 4 : 0 },
      make: () => {
        const { name } = dice.pick(populated);
        return [{ terminate: { group: name, decrement: false, youngest: dice.chance(0.5) } }];
      },
    },
    {
      ...{ kind: 'terminate the leader', weight: 1 },
      make: () => [{ terminate: { group: 'managers', leader: true, decrement: false } }],
    },
    {
      ...{ kind: 'unhealthy', weight: populated.length > 0 ? 2 : 0 },
      make: () => [{ unhealthy: { group: dice.pick(populated).name, count: 1 } }],
    },
    {
      ...{ kind: 'stop and start', weight: workers.length > 0 ? 1.5 : 0 },
      make: () => {
        const { name } = dice.pick(workers);
        const pause = { advance: dice.pick(['20s', '1m', '4m']) };
        return [{ power: { group: name, on: false } }, pause, { power: { group: name, on: true } }];
      },
    },
    {
      ...{ kind: 'spot interruption', weight: workers.length > 0 ? 2 : 0 },
      make: () => [interrupt(dice, dice.pick(workers))],
    },
    {
      ...{ kind: 'announced', weight: populated.length > 0 ? 1.5 : 0 },
      make: () => [announce(dice, dice.pick(populated))],
    },
    {
      ...{ kind: 'status check fails', weight: populated.length > 0 ? 0.7 : 0 },
      make: () => [{ impair: { group: dice.pick(populated).name, of: dice.pick(['instance', 'system']) } }],
    },
    {
      ...{ kind: 'standby', weight: workers.length > 0 ? 1 : 0 },
      make: () => {
        const { name } = dice.pick(workers);
        const pause = { advance: dice.pick(['1m', '12m', '30m']) };
        return [{ standby: { group: name, on: true } }, pause, { standby: { group: name, on: false } }];
      },
    },
  ];
}

const STATES = ['Stopped', 'Stopped', 'Running', 'Hibernated'];
const ZONES = [['eu-west-1a'], ['eu-west-1b', 'eu-west-1c'], ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']];

/** By other ways than scaling. */
function ofMemberships(dice: Dice, { populated }: Sketch): Kind[] {
  const workers = populated.filter(({ role }) => role === 'worker');
  const some = workers.length > 0 ? 1 : 0;
  const worker = (): string => dice.pick(workers).name;
  return [
    {
      ...{ kind: 'detach and attach', weight: 0.7 * some },
      make: () => {
        const group = dice.pick(workers);
        group.desired += 1;
        const pause = { advance: dice.pick(['20s', '3m', '30m']) };
        return [{ detach: { group: group.name } }, pause, { attach: { group: group.name } }];
      },
    },
    {
      ...{ kind: 'other zones', weight: 0.7 * some },
      make: () => [{ zones: { group: worker(), to: dice.pick(ZONES) } }],
    },
    {
      ...{ kind: 'warm pool', weight: some },
      make: () => {
        const to = { state: dice.pick(STATES), min: dice.pick([1, 1, 2]), reuse: dice.chance(0.6) };
        return [{ warmPool: { group: worker(), to: dice.chance(0.8) ? to : null } }];
      },
    },
    { kind: 'root volume replaced', weight: 0.7 * some, make: () => [{ rootVolume: { group: worker() } }] },
  ];
}

function ofServices(dice: Dice, sketch: Sketch): Kind[] {
  const { services } = sketch;
  return [
    { kind: 'service', weight: services.length < 4 ? 3 : 0, make: () => [createService(dice, sketch)] },
    {
      ...{ kind: 'deploy', weight: services.length > 0 ? 5 : 0 },
      make: () => {
        const changes = serviceChanges(dice, () => '', sketch.someService(dice));
        // What it prints is nothing to anybody, and an image that is missing has nothing to come to rest.
        const made = dice.choose(changes).make().trim().replace('skep/missing:1', 'skep/idle:1');
        return [{ docker: { group: 'managers', run: made } }];
      },
    },
    {
      ...{ kind: 'rebalance', weight: services.length > 0 ? 2 : 0 },
      make: () => [{ start: { machine: 'rebalance', input: { cluster: 'demo' } } }],
    },
  ];
}

/** EC2 takes it two minutes later, whatever has become of it by then; of some it says nothing. */
const interrupt = (dice: Dice, { name }: SketchedGroup): WrittenStep => ({
  interrupt: { group: name, youngest: dice.chance(0.3), leaving: dice.chance(0.2), notice: dice.chance(0.8) },
});

const CODES = ['instance-retirement', 'instance-retirement', 'instance-stop', 'instance-reboot', 'system-maintenance'];

/** By EC2, of something that is days ahead. Health says so in no event, in one, or in two. */
const announce = (dice: Dice, { name }: SketchedGroup): WrittenStep => ({
  announce: { group: name, code: dice.pick(CODES), events: dice.pick([0, 1, 1, 2]), canceled: dice.chance(0.1) },
});

function createService(dice: Dice, sketch: Sketch): WrittenStep {
  const name = `web-${sketch.services.length + 1}`;
  sketch.services.push(name);
  const constraints = dice.pick([[], [], ['node.role==worker'], ['node.labels.tier!=db']]);
  const isGlobal = dice.chance(0.2);
  const common = { name, constraints, stopGrace: dice.pick([1, 1, 5, 30, 120]), startsAfter: dice.pick([0, 0, 5, 20]) };
  const how = {
    ...(dice.chance(0.5) ? { order: 'start-first' } : {}),
    ...(dice.chance(0.5) ? { health: 'check' } : {}),
    ...(dice.chance(0.15) ? { mounts: ['volume'] } : {}),
    ...(dice.chance(0.1) ? { hostPort: 8080 + sketch.services.length } : {}),
    ...(dice.chance(0.3) ? { update: { failureAction: dice.pick(['pause', 'continue', 'rollback']) } } : {}),
  };
  return {
    service: isGlobal ? { ...common, ...how, mode: 'global' } : { ...common, ...how, replicas: dice.between(1, 8) },
  };
}

/** One that has tasks wherever it can, and that takes its time. */
export function themedService(dice: Dice, sketch: Sketch): WrittenStep {
  const name = `web-${sketch.services.length + 1}`;
  sketch.services.push(name);
  const common = { name, stopGrace: dice.pick([1, 30, 120]), startsAfter: dice.pick([0, 5]) };
  if (dice.chance(0.35)) {
    return { service: { ...common, mode: 'global' } };
  }
  const startFirst = dice.chance(0.75) ? { order: 'start-first' } : {};
  const constraints = dice.chance(0.5) ? ['node.role==worker'] : [];
  return { service: { ...common, ...startFirst, constraints, replicas: dice.between(2, 5) } };
}

function ofPeople(dice: Dice, sketch: Sketch): Kind[] {
  return [
    { kind: 'tidy', weight: 2, make: () => [{ tidy: {} }] },
    {
      ...{ kind: 'skep refresh', weight: sketch.populated.length > 0 ? 1 : 0 },
      make: () => {
        const { name } = dice.pick(sketch.populated);
        return [{ image: { group: name } }, { roll: { group: name } }];
      },
    },
    {
      ...{ kind: 'skep remove', weight: sketch.populated.length > 0 ? 1 : 0 },
      make: () => [{ remove: { group: dice.pick(sketch.populated).name, replace: true } }],
    },
    {
      ...{ kind: 'deploy the service', weight: 1 },
      make: () => [{ deploy: { parts: dice.pick(ORDERS) } }],
    },
    {
      ...{ kind: 'rotate tokens', weight: 1 },
      make: () => [{ start: { machine: 'rotate-tokens', input: { cluster: 'demo' } } }],
    },
    {
      ...{ kind: 'hold', weight: 1.5 },
      make: () => [
        { hold: { because: 'seen in a simulation' } },
        { advance: dice.pick(['1m', '15m', '1h']) },
        { unhold: {} },
      ],
    },
    {
      ...{ kind: 'hold for longer', weight: sketch.isHeld ? 0 : 0.7 },
      make: () => {
        const { isHeld } = sketch;
        sketch.isHeld = true;
        return isHeld ? [] : [{ hold: { because: 'seen in a simulation' } }];
      },
    },
    {
      ...{ kind: 'unhold', weight: sketch.isHeld ? 3 : 0 },
      make: () => {
        sketch.isHeld = false;
        return [{ unhold: {} }];
      },
    },
  ];
}
