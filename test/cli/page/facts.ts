// Facts for the page's tests: a cluster that is as it should be, to be changed by the test.
import type { PageFacts, SeenNode } from '../../../cli/page/facts.ts';

export const NOW = 1_800_000_000;

export const manager = (n: number): string => `i-0000000000000000${n}`;
export const worker = (n: number): string => `i-1${String(n).padStart(16, '0')}`;
export const nodeId = (text: string): string => text.padEnd(25, 'x');

export const seen = (instance: string | undefined, more: Partial<SeenNode> = {}): SeenNode => ({
  nodeId: nodeId(instance?.slice(2) ?? 'nobody'),
  hostname: 'host',
  role: 'worker',
  status: 'ready',
  availability: 'active',
  instance,
  ...more,
});

const known = (instance: string, group: string, role: 'manager' | 'worker'): PageFacts['known'][number] => ({
  ...{ instance, group, role },
  phase: 'ready',
  nodeId: nodeId(instance.slice(2)),
  ownerArn: 'arn:aws:states:eu-west-1:123456789012:execution:skep-dev-scale-out:one',
  leaseUntil: 0,
});

/** Three managers and so many workers, in three zones. */
export function healthy(workers = 2): PageFacts {
  const managers = [1, 2, 3].map(manager);
  const others = Array.from({ length: workers }, (_, index) => worker(index));
  const inService = (instance: string, index: number): PageFacts['groups'][number]['instances'][number] => ({
    instance,
    lifecycle: 'InService',
    zone: `eu-west-1${'abc'[index % 3] ?? 'a'}`,
  });
  return {
    cluster: 'blue',
    stage: 'dev',
    where: 'stage dev, region eu-west-1',
    now: NOW,
    status: { cluster: 'blue', level: 'healthy', ok: true, since: NOW - 60, asOf: NOW - 5, reasons: [] },
    groups: [
      { name: 'managers', role: 'manager', desired: 3, instances: managers.map(inService) },
      { name: 'workers', role: 'worker', desired: workers, instances: others.map(inService) },
    ],
    known: [
      ...managers.map((one) => known(one, 'managers', 'manager')),
      ...others.map((one) => known(one, 'workers', 'worker')),
    ],
    states: new Map([...managers, ...others].map((one) => [one, 'running'])),
    managers,
    swarm: {
      nodes: [
        ...managers.map((one, index) =>
          seen(one, { role: 'manager', reachability: index === 0 ? 'leader' : 'reachable' }),
        ),
        ...others.map((one) => seen(one)),
      ],
      tasks: others.map((one, index) => ({
        taskId: `task${index}`,
        service: 'web',
        nodeId: nodeId(one.slice(2)),
        desiredState: 'running',
        state: 'running',
        error: '',
      })),
    },
    sources: [{ name: 'table', at: NOW, problem: null }],
  };
}
