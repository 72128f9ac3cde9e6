// The page's view: whatever a source lacks or has too much of, everything is shown, and nothing that is a secret.
import { describe, expect, it } from '@jest/globals';

import { changesOf } from '../../../cli/page/changes.ts';
import type { PageFacts, SeenTask } from '../../../cli/page/facts.ts';
import { NO_STORY, frameOf, goOn } from '../../../cli/page/frames.ts';
import { tableHtml } from '../../../cli/page/table-html.ts';
import { viewOf } from '../../../cli/page/view.ts';
import type { InstanceView, PageView } from '../../../cli/page/view.ts';
import { NOW, healthy, manager, nodeId, seen, worker } from './facts.ts';

const swarm = (facts: PageFacts): NonNullable<PageFacts['swarm']> => facts.swarm ?? { nodes: [], tasks: [] };

const one = (view: PageView, id: string): InstanceView => {
  const found = view.instances.find((instance) => instance.id === id);
  expect(found).toBeDefined();
  return found as InstanceView;
};

/** The facts with one worker's node as the swarm has it. */
const withNode = (more: Parameters<typeof seen>[1]): PageFacts => {
  const facts = healthy();
  const nodes = swarm(facts).nodes.map((node) => (node.instance === worker(0) ? seen(worker(0), more) : node));
  return { ...facts, swarm: { ...swarm(facts), nodes } };
};

const withPhase = (phase: PageFacts['known'][number]['phase'], lifecycle: string): PageFacts => {
  const facts = healthy();
  return {
    ...facts,
    known: facts.known.map((node) =>
      node.instance === worker(0)
        ? { ...node, phase, leaseUntil: NOW + 60, step: 'Drained', try: 2, target: manager(1) }
        : node,
    ),
    groups: facts.groups.map((group) => ({
      ...group,
      instances: group.instances.map((it) => (it.instance === worker(0) ? { ...it, lifecycle } : it)),
    })),
  };
};

describe('a cluster that is as it should be', () => {
  const view = viewOf(healthy());

  it('has its verdict, and says how many managers it may lose', () => {
    expect(view.level).toBe('healthy');
    expect(view.quorum).toEqual({ managers: 3, reachable: 3, needed: 2, mayLose: 1, by: 'the swarm' });
  });

  it('has all nodes ready, in their zones, with their tasks, and no difference', () => {
    expect(view.instances.map(({ mark, differs }) => [mark, differs])).toEqual(Array(5).fill(['ready', null]));
    expect(view.zones).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
    expect(one(view, worker(0)).tasks).toHaveLength(1);
    expect(view.services).toEqual([{ name: 'web', wanted: 2, running: 2 }]);
    expect(view.groups).toEqual([
      { name: 'managers', role: 'manager', desired: 3, instances: 3, inService: 3, ready: 3 },
      { name: 'workers', role: 'worker', desired: 2, instances: 2, inService: 2, ready: 2 },
    ]);
  });
});

describe('the mark of a node', () => {
  it.each([
    ['paused', withNode({ availability: 'pause' })],
    ['drained', withNode({ availability: 'drain' })],
    ['down', withNode({ status: 'down' })],
    ['down', { ...healthy(), states: new Map([[worker(0), 'terminated']]) }],
    ['leaving', withPhase('leaving', 'Terminating:Wait')],
    ['leaving', withPhase('ready', 'Terminating:Wait')],
    ['joining', withPhase('joining', 'Pending:Wait')],
  ])('is %s', (mark, facts) => {
    expect(one(viewOf(facts), worker(0)).mark).toBe(mark);
  });

  it('is by the table where nobody asked the swarm', () => {
    const view = viewOf({ ...healthy(), swarm: undefined });
    expect(view.swarmAsked).toBe(false);
    expect(view.instances.every(({ mark }) => mark === 'ready')).toBe(true);
  });
});

describe('what a node waits for', () => {
  it('is the step of its execution, and who was asked', () => {
    expect(one(viewOf(withPhase('leaving', 'Terminating:Wait')), worker(0)).waitsFor).toBe(
      `Drained (command 2), asked of ${manager(1)}`,
    );
  });
});

describe('what does not fit together is shown, and told apart', () => {
  it('an instance without a node', () => {
    const facts = healthy();
    const nodes = swarm(facts).nodes.filter(({ instance }) => instance !== worker(0));
    const view = viewOf({ ...facts, swarm: { ...swarm(facts), nodes } });
    expect(one(view, worker(0))).toMatchObject({
      mark: 'alone',
      differs: 'in service for AWS, and no node of the swarm',
    });
    expect(view.loose).toHaveLength(1);
  });

  it('a node without an instance, and one with an instance that nobody knows', () => {
    const facts = healthy();
    const nodes = [...swarm(facts).nodes, seen(undefined), seen('i-0999999999999999f', { status: 'down' })];
    const view = viewOf({ ...facts, swarm: { ...swarm(facts), nodes } });
    expect(one(view, nodeId('nobody'))).toMatchObject({ mark: 'stray', group: '-', zone: '-' });
    expect(one(view, 'i-0999999999999999f')).toMatchObject({ mark: 'down' });
    expect(view.instances).toHaveLength(7);
  });

  it('a task without a node, and one on a node that is not there; what has ended is nobody’s concern', () => {
    const facts = healthy();
    const task = (more: Partial<SeenTask>): SeenTask => ({
      ...{
        taskId: 't',
        service: 'orphan',
        nodeId: '',
        desiredState: 'running',
        state: 'pending',
        error: 'no suitable node',
      },
      ...more,
    });
    const tasks = [
      task({}),
      task({ taskId: 'u', nodeId: nodeId('gone'), state: 'running' }),
      task({ taskId: 'v', desiredState: 'shutdown', state: 'orphaned' }),
    ];
    const view = viewOf({ ...facts, swarm: { ...swarm(facts), tasks } });
    expect(view.loose.map(({ id, error }) => [id, error])).toEqual([
      ['t', 'no suitable node'],
      ['u', 'no suitable node'],
    ]);
  });

  it('an instance without a zone', () => {
    const facts = healthy();
    const groups = facts.groups.map((group) => ({
      ...group,
      instances: group.instances.map((it) => ({ ...it, zone: '' })),
    }));
    expect(viewOf({ ...facts, groups }).zones).toEqual(['-']);
  });

  it('a node of a warm pool, which is none of its group’s instances', () => {
    const facts = healthy();
    const groups = facts.groups.map((group) =>
      group.name === 'workers'
        ? {
            ...group,
            instances: group.instances.slice(1),
            warm: [{ instance: worker(0), lifecycle: 'Warmed:Running', zone: 'eu-west-1a' }],
          }
        : group,
    );
    const view = viewOf({ ...facts, groups });
    expect(view.groups.find(({ name }) => name === 'workers')).toMatchObject({ instances: 1, inService: 1 });
    expect(one(view, worker(0))).toMatchObject({
      lifecycle: 'Warmed:Running',
      why: expect.stringContaining('the next tidy has it leave'),
    });
  });

  it('a node that AWS has in service and the swarm has not', () => {
    expect(one(viewOf(withNode({ status: 'down' })), worker(0)).differs).toBe(
      'in service for AWS, and down in the swarm',
    );
    expect(one(viewOf(withNode({ availability: 'drain' })), worker(0)).differs).toBe(
      'in service for AWS, and the swarm puts no task on it (drain)',
    );
  });

  it('nothing at all', () => {
    const nothing = { ...healthy(), groups: [], known: [], managers: [], swarm: undefined, status: undefined };
    expect(viewOf(nothing)).toMatchObject({ level: 'unknown', quorum: null, instances: [], groups: [], zones: [] });
  });
});

describe('the quorum', () => {
  it('is lost where the majority is unreachable', () => {
    const facts = healthy();
    const nodes = swarm(facts).nodes.map((node) =>
      node.reachability === 'reachable' ? { ...node, reachability: 'unreachable' } : node,
    );
    expect(viewOf({ ...facts, swarm: { ...swarm(facts), nodes } }).quorum).toMatchObject({ reachable: 1, mayLose: -1 });
  });

  it('is by the record and EC2 where nobody asks the swarm; an instance that EC2 does not show is gone', () => {
    const states = new Map([
      [manager(1), 'running'],
      [manager(2), 'stopped'],
    ]);
    expect(viewOf({ ...healthy(), swarm: undefined, states }).quorum).toEqual({
      ...{ managers: 3, reachable: 1, needed: 2, mayLose: -1, by: 'the record and EC2' },
    });
  });
});

describe('secrets', () => {
  it('do not get into the view, whatever an item of the table has besides', () => {
    const facts = healthy();
    const spiked = facts.known.map((node) => ({
      ...node,
      taskToken: 'SECRET',
      actionToken: 'SECRET',
      address: 'SECRET',
    }));
    const nodes = swarm(facts).nodes.map((node) => ({ ...node, labels: { token: 'SECRET' } }));
    const view = viewOf({ ...facts, known: spiked, swarm: { ...swarm(facts), nodes } });
    expect(JSON.stringify(view)).not.toContain('SECRET');
    expect(JSON.stringify(frameOf(undefined, view, NO_STORY))).not.toContain('SECRET');
  });
});

describe('frames', () => {
  const before = viewOf(healthy(1000));

  it('begin with all, and go on with what has changed and what is gone', () => {
    expect(frameOf(undefined, before, NO_STORY).instances).toHaveLength(1003);
    const facts = healthy(1000);
    const known = facts.known.filter(({ instance }) => instance !== worker(7));
    const groups = facts.groups.map((group) => ({
      ...group,
      instances: group.instances.filter(({ instance }) => instance !== worker(7)),
    }));
    const nodes = swarm(facts)
      .nodes.filter(({ instance }) => instance !== worker(7))
      .map((node) => (node.instance === worker(3) ? { ...node, availability: 'drain' } : node));
    const after = viewOf({ ...facts, known, groups, swarm: { ...swarm(facts), nodes } });
    const frame = frameOf(before, after, NO_STORY);
    expect(frame.whole).toBe(false);
    expect(frame.instances.map(({ id }) => id)).toEqual([worker(3)]);
    expect(frame.gone).toEqual([worker(7)]);
    expect(JSON.stringify(frame).length).toBeLessThan(3000);
  });
});

describe('the story', () => {
  const quiet = viewOf(healthy());
  const later = (seconds: number, more: Partial<PageView> = {}): PageView => ({ ...quiet, at: NOW + seconds, ...more });

  it('tells what has changed between two looks, in sentences', () => {
    const after = viewOf({
      ...withPhase('leaving', 'Terminating:Wait'),
      groups: withPhase('leaving', 'Terminating:Wait').groups.map((group) =>
        group.name === 'workers' ? { ...group, desired: 1 } : group,
      ),
      status: { cluster: 'blue', level: 'degraded', ok: false, since: NOW, asOf: NOW, reasons: [] },
    });
    expect(changesOf(quiet, after).map(({ about, what }) => `${about} ${what}`)).toEqual([
      ' verdict: healthy → degraded',
      'workers desired 2 → 1',
      `${worker(0)} Auto Scaling: InService → Terminating:Wait, skep: ready → leaving`,
    ]);
    expect(changesOf(after, { ...quiet, instances: [] }).at(-1)?.what).toBe('gone from workers');
    expect(changesOf({ ...quiet, instances: [] }, quiet).at(-1)?.what).toBe('new in workers: InService');
  });

  it('keeps one point for a quiet hour, and both ends of a change', () => {
    const groups = [{ name: 'workers', role: 'worker', desired: 9, instances: 2, inService: 2, ready: 2 }];
    let story = NO_STORY;
    for (let second = 0; second < 3600; second += 1) {
      story = goOn(story, later(second), []);
    }
    expect(story.points.map(({ at }) => at - NOW)).toEqual([0, 3599]);
    story = goOn(story, later(3600, { groups }), []);
    expect(story.points.map(({ at, desired }) => [at - NOW, desired])).toEqual([
      [0, 5],
      [3599, 5],
      [3600, 9],
    ]);
  });
});

describe('the table for a browser without JavaScript', () => {
  it('has each instance, and makes no markup of anybody’s words', () => {
    const facts = healthy();
    const groups = [
      {
        ...facts.groups[1],
        name: '<script>alert(1)</script>',
        role: 'worker',
        desired: 1,
        instances: facts.groups[1]?.instances ?? [],
      },
    ];
    const html = tableHtml(viewOf({ ...facts, groups }));
    expect(html).toContain(worker(0));
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script&gt;');
  });
});
