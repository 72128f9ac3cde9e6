// What of simulated tasks takes too long to watch on real engines, and what is refused because it is not simulated.
import { describe, expect, it } from '@jest/globals';

import { Clock } from '../../../../lab/time/clock.ts';
import type { ServiceSpec } from '../../../../lab/nodes/machines.ts';
import { readProgram } from '../../../../lab/swarm/engine/container-program.ts';
import { ago, applyTemplate, readDuration } from '../../../../lab/swarm/docker-cli/output-format.ts';
import { createdSpec, readUpdate } from '../../../../lab/swarm/docker-cli/service-options.ts';
import { createArguments } from '../../../../lab/nodes/service-arguments.ts';
import { Tasks } from '../../../../lab/swarm/tasks/tasks.ts';

const WEB: ServiceSpec = { name: 'web', mode: 'replicated', replicas: 2, constraints: [], stopGrace: 1 };

function swarm() {
  const clock = new Clock({ virtual: true, start: 0 });
  const node = (nodeId: string) => ({
    nodeId,
    hostname: nodeId,
    role: 'worker' as const,
    status: 'ready' as 'ready' | 'down',
    availability: 'active' as const,
    labels: {},
    present: true,
  });
  const [a, b] = [node('a'), node('b')];
  const nodes = new Map([a, b].map((one) => [one.nodeId, one]));
  const managers = { led: true };
  let ids = 0;
  const tasks = new Tasks(
    clock,
    nodes,
    () => `id${(ids += 1)}`,
    () => managers.led,
  );
  const states = (): string[] =>
    tasks
      .view()
      .map(({ nodeId, state, desiredState }) => `${nodeId} ${state} (${desiredState})`)
      .toSorted();
  return { clock, a, b, tasks, managers, states };
}

describe('simulated tasks', () => {
  it('of a node that is down are called orphaned after a day', async () => {
    const { clock, a, tasks, states } = swarm();
    tasks.createService(WEB);
    await clock.advance(5000);
    Object.assign(a, { status: 'down', present: false });
    tasks.nodeUpdated(a);
    await clock.advance(23 * 3_600_000);
    expect(states()).toEqual(['a running (shutdown)', 'b running (running)', 'b running (running)']);

    await clock.advance(3_600_000);

    expect(states()).toContain('a orphaned (shutdown)');
  });

  it('go on without a leader, and the next one hears what became of them', async () => {
    const { clock, a, b, tasks, managers, states } = swarm();
    tasks.services.create(
      createdSpec(
        ['--detach', '--name', 'job', '--restart-condition', 'none', '--replicas', '2', 'skep/idle:1', 'sleep', '5'],
        () => '',
      ),
    );
    await clock.advance(3000);
    managers.led = false;
    Object.assign(a, { present: false });
    Object.assign(b, { present: false });
    await clock.advance(10_000);
    expect(states()).toEqual(['a running (running)', 'b running (running)']);

    managers.led = true;
    tasks.leaderBegan();
    for (const node of [a, b]) {
      node.present = true;
      tasks.nodeUpdated(node);
    }

    expect(states()).toEqual(['a complete (shutdown)', 'b complete (shutdown)']);
  });
});

describe('a service of a scenario', () => {
  it('is what an operator would type, with every option that there is', () => {
    const service: ServiceSpec = {
      ...{ ...WEB, http: true, startsAfter: 5, stopGrace: 2, health: 'check', order: 'start-first', hostPort: 8080 },
      update: { parallelism: 0, delay: 3, failureAction: 'rollback', monitor: 7 },
      restart: 'on-failure',
      mounts: ['volume', 'bind', 'tmpfs'],
      labels: { team: 'a=b' },
      env: { A: '1' },
      maxReplicas: 1,
      constraints: ['node.role==worker'],
    };
    expect(createdSpec(createArguments(service), () => '')).toMatchObject({
      name: 'web',
      replicas: 2,
      endpointMode: 'dnsrr',
      labels: { team: 'a=b' },
      task: {
        args: ['serve', '5', '2'],
        env: ['A=1'],
        health: { interval: 2000, startPeriod: 35_000 },
        stopGrace: 12_000,
        restart: { condition: 'on-failure' },
        placement: { constraints: ['node.role==worker'], maxReplicas: 1 },
        hostPorts: [8080],
        mounts: ['volume:local', 'bind', 'tmpfs'],
      },
      update: { parallelism: 0, delay: 3000, failureAction: 'rollback', monitor: 7000, order: 'start-first' },
    });
  });

  it('without HTTP is healthy after its start, if it has a check, and waits for nothing when it is told to stop', () => {
    const { task } = createdSpec(createArguments({ ...WEB, startsAfter: 5, health: 'check' }), () => '');
    expect(readProgram(task.args)).toEqual({ exit: undefined, healthyAfter: 5000, servesAfter: Infinity, stop: 1000 });
  });
});

describe('what is not simulated', () => {
  it.each([
    ['a program', () => readProgram(['sh', '-c', 'rm -rf /'])],
    ['an option', () => createdSpec(['--detach', '--user', 'me', 'skep/idle:1', 'true'], () => '')],
    ['waiting for a service to converge', () => createdSpec(['skep/idle:1', 'true'], () => '')],
    ['an option of an update', () => readUpdate(['--detach', '--dns-add', '1.1.1.1', 'web'])],
    [
      "a port that is not the host's",
      () => createdSpec(['--detach', '--publish', '80:80', 'skep/idle:1', 'true'], () => ''),
    ],
    [
      'a driver of volumes',
      () => createdSpec(['--detach', '--mount', 'target=/a,volume-driver=nfs', 'skep/idle:1', 'true'], () => ''),
    ],
    ['a mount of nothing', () => createdSpec(['--detach', '--mount', 'type=tmpfs', 'skep/idle:1', 'true'], () => '')],
    ['a server without its times', () => readProgram(['serve', '5'])],
    ['a field', () => applyTemplate('{{.Nope}}', { ID: '1' })],
    ['a template', () => applyTemplate('{{range .}}{{end}}', { ID: '1' })],
    ['a duration', () => readDuration('5')],
  ])('%s is an error', (_, act) => {
    expect(act).toThrow(/simulated|not a duration/);
  });
});

describe('how docker tells time', () => {
  it.each([
    [400, 'less than a second ago'],
    [1000, '1 second ago'],
    [59_000, '59 seconds ago'],
    [61_000, 'about a minute ago'],
    [150_000, '2 minutes ago'],
    [3_700_000, 'about an hour ago'],
    [50 * 3_600_000, '2 days ago'],
  ])('%d ms is %s', (ms, text) => {
    expect(ago(ms)).toBe(text);
  });
});
