// Random sequences on simulated machines alone: that they can be played, and that a difference would be seen.
import { describe, expect, it } from '@jest/globals';

import type { DocumentOutcome, Machines, NodeView, SwarmView, TaskView } from '../../../lab/nodes/machines.ts';
import { sequenceOf } from '../../../lab/simulate/machines/sequences.ts';
import { describeOutcome, kindOf } from '../../contract/random/outcome.ts';
import { play, report } from '../../contract/random/play.ts';
import type { Difference } from '../../contract/random/play.ts';
import { readSeeds } from '../../contract/random/seeds.ts';
import { simulatedSide } from '../../contract/random/worlds.ts';
import { readSequence, readStep } from '../../../lab/simulate/machines/steps.ts';
import type { Sequence } from '../../../lab/simulate/machines/steps.ts';

const SEEDS = readSeeds('1-200');
const SERVICE =
  'docker service create --detach --quiet --no-resolve-image --name web --replicas 4 skep/idle:1 sleep 1000000';
const SEQUENCE: Sequence = {
  seed: 0,
  machines: 3,
  steps: [
    'on 1: docker swarm init --advertise-addr {ip-1}',
    'on 2: docker swarm join --token {manager-token-1} --advertise-addr {ip-2} {ip-1}:2377',
    'on 3: docker swarm join --token {worker-token-1} --advertise-addr {ip-3} {ip-1}:2377',
    `on 2: ${SERVICE}`,
    'on 1: docker node rm {node-3}',
    'kill 3',
    'on 1: docker node ls --format {json}',
    'kill 2',
  ],
};

type Lies = (machines: Machines) => Partial<Machines>;

/** Plays the sequence against a world of which one thing is not as it should be. */
function against(lies: Lies): Promise<Difference | undefined> {
  const disguise = (machines: Machines): Machines =>
    new Proxy(machines, {
      get: (_, name) => {
        const said: unknown = Reflect.get(lies(machines), name) ?? Reflect.get(machines, name);
        return typeof said === 'function' ? (said.bind(machines) as unknown) : said;
      },
    });
  return play(SEQUENCE, simulatedSide(1), simulatedSide(1, disguise));
}

/** Says something else of what a docker command came to. */
const command =
  (words: string, change: (outcome: DocumentOutcome) => Partial<DocumentOutcome>): Lies =>
  (machines) => ({
    docker: async (instanceId, args, seconds) => {
      const outcome = await machines.docker(instanceId, args, seconds);
      return args.join(' ').startsWith(words) ? { ...outcome, ...change(outcome) } : outcome;
    },
  });

const seen =
  (change: (view: SwarmView) => SwarmView): Lies =>
  (machines) => ({ view: async (instanceId) => change(await machines.view(instanceId)) });

const changeNodes = (change: (node: NodeView) => Partial<NodeView>): Lies =>
  seen((view) => ({ ...view, nodes: view.nodes.map((node) => ({ ...node, ...change(node) })) }));

const changeTasks = (change: (tasks: readonly TaskView[]) => readonly TaskView[]): Lies =>
  seen((view) => ({ ...view, tasks: change(view.tasks) }));

describe('sequences on simulated machines', () => {
  it.each(SEEDS)('can be played to their end, and a world is no other than itself: seed %d', async (seed) => {
    const sequence = sequenceOf(seed);
    const difference = await play(sequence, simulatedSide(seed), simulatedSide(seed));
    expect(difference && report(sequence, difference)).toBeUndefined();
  });

  it('are the same for the same seed, and have every kind of step', () => {
    const steps = SEEDS.flatMap((seed) => sequenceOf(seed).steps);
    expect(SEEDS.flatMap((seed) => sequenceOf(seed).steps)).toEqual(steps);
    const kinds = steps.map((line) => {
      const step = readStep(line);
      return step.verb === 'docker' ? step.args.slice(0, 2).join(' ') : step.verb;
    });
    expect([...new Set(kinds)].toSorted()).toEqual([
      ...['cut', 'die', 'heal', 'kill', 'launch'],
      ...['node demote', 'node ls', 'node promote', 'node rm', 'node update', 'restart'],
      ...['service create', 'service rm', 'service rollback', 'service scale', 'service update'],
      ...['start', 'swarm init', 'swarm join', 'swarm leave'],
    ]);
  });
});

describe('a difference between two worlds', () => {
  it('is none where nothing is different', async () => {
    expect(await against(() => ({}))).toBeUndefined();
  });

  it.each<[what: string, lies: Lies, step: string, line: string]>([
    ['an exit code', command('node rm', () => ({ exitCode: 0 })), 'node rm', 'exit 0'],
    [
      'what an error is about',
      command('node rm', () => ({ stderr: 'Error: No such node: x' })),
      'node rm',
      'no such node',
    ],
    [
      'a role',
      changeNodes(() => ({ role: 'worker' })),
      'swarm init',
      'node 1: worker, reachable in raft, ready, active',
    ],
    [
      'a status',
      changeNodes(({ status }) => ({ status: status === 'down' ? 'unknown' : status })),
      'kill 3',
      'unknown',
    ],
    ['an availability', changeNodes(() => ({ availability: 'pause' })), 'swarm init', 'pause'],
    ['a label', changeNodes(() => ({ labels: { a: 'b' } })), 'swarm init', 'a=b'],
    [
      'a raft member',
      changeNodes(({ reachability }) => ({ reachability: reachability && 'unreachable' })),
      'swarm init',
      '0 leader',
    ],
    [
      'a node that is missing',
      seen((view) => ({ ...view, nodes: view.nodes.slice(0, 1) })),
      'on 2: docker swarm join',
      'node 2',
    ],
    ['a task that is missing', changeTasks((tasks) => tasks.slice(1)), 'service create', '3 running, 0 pending'],
    [
      'a task elsewhere',
      changeTasks((tasks) => tasks.map((task) => ({ ...task, nodeId: tasks[0]?.nodeId ?? '' }))),
      'service create',
      'by node 4',
    ],
    [
      'a task that waits',
      changeTasks((tasks) => tasks.map((task) => ({ ...task, state: 'pending' }))),
      'service create',
      '4 pending',
    ],
    [
      'a state of an engine',
      command('info', ({ stdout }) => ({ stdout: stdout.replace('active', 'pending') })),
      'swarm init',
      'pending',
    ],
    [
      'a service',
      command('service inspect', ({ stdout }) => ({ stdout: stdout.replaceAll('skep/idle:1', 'other') })),
      'service create',
      'other',
    ],
  ])('is seen in %s', async (_, lies, step, line) => {
    const difference = await against(lies);
    expect(SEQUENCE.steps[(difference?.played ?? 0) - 1]).toContain(step);
    expect(difference?.lines.join('\n')).toContain(line);
  });

  it('is seen in calls that do not fail where they should', async () => {
    const lies = command('node ls', () => ({ exitCode: 0, stdout: '' }));
    expect((await against(lies))?.played).toBe(SEQUENCE.steps.indexOf('kill 2') + 1);
  });

  it('is reported with all that is needed to see it again', () => {
    const text = report(SEQUENCE, { played: 6, lines: ['- simulated: a', '+ real:      b'] });
    expect(text).toContain('seed 0, 3 machines');
    expect(text.split('\n').slice(-4)).toEqual(['  6. kill 3', 'differs:', '  - simulated: a', '  + real:      b']);
  });
});

describe('what came of a docker command', () => {
  const failed = {
    exitCode: 1,
    stdout: '',
    stderr: 'Error response from daemon: This node is not part of a swarm',
    timedOut: false,
  };

  it('is its exit code and the kind of its error, or that it hangs', () => {
    expect(describeOutcome(failed)).toBe('exit 1: not in a swarm');
    expect(describeOutcome({ ...failed, exitCode: 124 })).toBe('hangs');
    expect(describeOutcome({ ...failed, exitCode: 0 })).toBe('exit 0');
  });

  it('stands for itself where no kind is known, without what differs in every run', () => {
    expect(kindOf('node abcdefghijklmnopqrstuvwxy at 10.77.0.11 is odd')).toBe('node ID at IP is odd');
  });
});

describe('a sequence by hand', () => {
  it('is its steps; the machines that it does not launch are there', () => {
    const steps = ['on 1: docker node ls --format {json}', 'launch 3', 'launch 4 with folder of 2', 'at once, kill 2'];
    expect(readSequence(`${steps.join('; ')};`)).toEqual({ seed: 0, machines: 2, steps });
    expect(() => readSequence('on 1: docker node ls; be kind')).toThrow('this is no step: be kind');
  });
});

describe('seeds', () => {
  it('are given as numbers and ranges', () => {
    expect(readSeeds('3,17,40-42')).toEqual([3, 17, 40, 41, 42]);
    expect(() => readSeeds('all')).toThrow('seeds are given as');
    expect(() => readSeeds('9-1')).toThrow('seeds are given as');
  });
});
