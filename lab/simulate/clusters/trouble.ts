// What goes wrong around a cluster: events, calls, commands, machines, executions.
import type { Dice } from '../dice.ts';
import type { Sketch } from './sketch.ts';
import type { Kind } from './work.ts';
import type { SimulatedMachine, World } from './world.ts';
import type { WrittenStep } from './written.ts';

const DELAYS = ['2s', '20s', '90s', '5m', '20m'];
const CONFLICTING = ['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'].map((one) => `dynamodb.${one}`);

export function trouble(dice: Dice, sketch: Sketch, world: World, isCatastrophe: boolean): Kind[] {
  return [
    ...ofEvents(dice, world),
    ...ofCalls(dice, sketch, world),
    ...ofCommands(dice, world),
    ...ofMachines(dice, sketch, isCatastrophe),
    ...ofExecutions(dice, sketch, world, isCatastrophe),
  ];
}

const fault = (what: WrittenStep): WrittenStep[] => [{ fault: what }];

function ofEvents(dice: Dice, { events }: World): Kind[] {
  const event = (): WrittenStep => ({ 'detail-type': [dice.pick(events)] });
  const times = (): number => dice.pick([1, 1, 2, 5]);
  return [
    {
      kind: 'event dropped',
      weight: 3,
      make: () => fault({ event: event(), effect: 'drop', times: times() }),
    },
    {
      ...{ kind: 'event delayed', weight: 3 },
      make: () =>
        fault({
          event: event(),
          effect: dice.pick(['delay', 'late']),
          by: dice.pick(DELAYS),
          times: times(),
        }),
    },
    {
      kind: 'event doubled',
      weight: 3,
      make: () => fault({ event: event(), effect: 'duplicate', times: times() }),
    },
  ];
}

function ofCalls(dice: Dice, { populated }: Sketch, { calls }: World): Kind[] {
  const times = (): number => dice.pick([1, 2, 3, 3, 6, 12]);
  return [
    {
      kind: 'call throttled',
      weight: 3,
      make: () => fault({ call: dice.pick(calls), effect: 'throttle', times: times() }),
    },
    { kind: 'call failed', weight: 3, make: () => fault({ call: dice.pick(calls), effect: 'fail', times: times() }) },
    {
      kind: 'answer lost',
      weight: 4,
      make: () => fault({ call: dice.pick(calls), effect: 'lose-answer', times: times() }),
    },
    {
      ...{ kind: 'function dies', weight: 3 },
      make: () =>
        fault({ call: dice.pick(calls), effect: dice.pick(['die-before', 'die-after']), times: dice.pick([1, 1, 2]) }),
    },
    {
      kind: 'write in conflict',
      weight: 1,
      make: () => fault({ call: dice.pick(CONFLICTING), effect: 'conflict', times: times() }),
    },
    {
      ...{ kind: 'answer not whole', weight: populated.length > 0 ? 1.5 : 0 },
      make: () => {
        const call = dice.pick([
          'autoscaling.DescribeAutoScalingGroups',
          'autoscaling.DescribeAutoScalingInstances',
          'ec2.DescribeInstances',
        ]);
        return fault({ call, effect: 'leave-out', group: dice.pick(populated).name, times: dice.pick([1, 1, 2]) });
      },
    },
  ];
}

function ofCommands(dice: Dice, { verbs }: World): Kind[] {
  const document = (): string => dice.pick(verbs);
  const times = (): number => dice.pick([1, 1, 1, 2, 4]);
  return [
    {
      ...{ kind: 'command fails', weight: 3 },
      make: () =>
        fault({
          document: document(),
          exitCode: dice.pick([1, 10, 11, 21, 23, 32, 41, 42, 46, 50, 99]),
          times: times(),
        }),
    },
    {
      ...{ kind: 'command ends otherwise', weight: 2 },
      make: () => {
        const status = dice.pick(['Failed', 'TimedOut', 'Cancelled', 'Undeliverable', 'DeliveryTimedOut']);
        return fault({ document: document(), status, times: times() });
      },
    },
    {
      ...{ kind: 'agent fails', weight: 3 },
      make: () => {
        const effect = dice.pick([
          ...['lost', 'agent-restarts', 'agent-updates', 'late', 'begins-late', 'cut-off', 'twice'],
        ]);
        const by = effect === 'begins-late' ? '12m' : dice.pick(['1s', '5s', '40s', '4m']);
        const isTimed = ['late', 'begins-late', 'agent-restarts', 'agent-updates'].includes(effect);
        return fault({ document: document(), effect, ...(isTimed ? { by } : {}), times: times() });
      },
    },
    {
      kind: 'reboot under a command',
      weight: 1,
      make: () => fault({ document: document(), effect: 'reboot', by: dice.pick(['1s', '3s']) }),
    },
  ];
}

function ofMachines(dice: Dice, sketch: Sketch, isCatastrophe: boolean): Kind[] {
  const victims = sketch.victims(isCatastrophe);
  const some = victims.length > 0 ? 1 : 0;
  const victim = (): string => {
    const group = dice.pick(victims);
    sketch.take(group);
    return group.name;
  };
  const broken = (what: 'engine' | 'cable'): WrittenStep[] => {
    sketch.broken.add(what);
    const off = what === 'engine' ? { runs: false } : { connected: false };
    return [{ [what]: { group: victim(), ...off } }];
  };
  return [
    { kind: 'kill', weight: 3 * some, make: () => [{ kill: { group: victim(), silently: dice.chance(0.3) } }] },
    { kind: 'engine killed', weight: 2 * some, make: () => broken('engine') },
    { kind: 'cable pulled', weight: 2 * some, make: () => broken('cable') },
    {
      ...{ kind: 'agents away', weight: sketch.populated.length > 0 ? 2 : 0 },
      make: () => {
        sketch.broken.add('agent');
        return [{ agent: { group: dice.pick(sketch.populated).name, online: false } }];
      },
    },
    { kind: 'webhook down', weight: 0.5, make: () => [{ webhook: { up: false } }] },
    { kind: 'put back', weight: 4 * sketch.broken.size, make: () => putBack(sketch) },
  ];
}

function putBack(sketch: Sketch): WrittenStep[] {
  const back = [...sketch.broken].flatMap((what): WrittenStep[] => {
    if (what === 'engine') return [{ engine: { group: 'managers', runs: true } }];
    if (what === 'cable') return [{ cable: { group: 'managers', connected: true } }];
    return sketch.groups.map(({ name }) => ({ agent: { group: name, online: true } }));
  });
  sketch.broken.clear();
  return back;
}

function ofExecutions(dice: Dice, sketch: Sketch, { states }: World, isCatastrophe: boolean): Kind[] {
  const machines = Object.keys(states) as SimulatedMachine[];
  const victims = sketch.victims(isCatastrophe);
  const stoppable = machines.filter((machine) => machine !== 'tidy');
  return [
    { kind: 'executions stopped', weight: 2, make: () => [{ stop: { machine: dice.pick(stoppable) } }] },
    {
      ...{ kind: 'execution stopped in a state', weight: 4 },
      make: () => {
        const machine = dice.pick(machines);
        return [{ stop: { machine, state: dice.pick(states[machine]) } }];
      },
    },
    {
      ...{ kind: 'killed in a state', weight: victims.length > 0 ? 2 : 0 },
      make: () => {
        const group = dice.pick(victims);
        sketch.take(group);
        const machine = dice.pick(['scale-out', 'scale-in'] as const);
        return [{ kill: { group: group.name, when: { machine, state: dice.pick(states[machine]) } } }];
      },
    },
  ];
}
