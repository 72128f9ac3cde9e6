// What docker shows of services and tasks.
import { ago, capitalized } from './output-format.ts';
import type { Fields } from './output-format.ts';
import type { Service } from '../services/service.ts';
import type { ServiceSpec, TaskSpec, UpdateConfig } from '../services/service-spec.ts';
import type { Swarm } from '../raft/swarm.ts';
import { isWanted } from '../tasks/task.ts';
import type { Task } from '../tasks/task.ts';

const NANO = 1_000_000;
const SHORT_ID = 12;
const SHORT_ERROR = 30;

export function serviceRow(swarm: Swarm, service: Service): Fields {
  const { serviceId, current } = service;
  const { name, mode, replicas, task } = current.spec;
  const tasks = swarm.tasks.of(service);
  const running = tasks.filter(({ state }) => state === 'running').length;
  const wanted = mode === 'global' ? tasks.filter(isWanted).length : replicas;
  const { maxReplicas } = task.placement;
  return {
    ID: serviceId.slice(0, SHORT_ID),
    Image: task.image,
    Mode: mode,
    Name: name,
    Ports: '',
    Replicas: `${running}/${wanted}${maxReplicas === 0 ? '' : ` (max ${maxReplicas} per node)`}`,
  };
}

/** Slot by slot, or node by node, the newest first. */
export const inOrder = (tasks: readonly Task[]): Task[] =>
  tasks.toSorted(
    (a, b) => a.slot - b.slot || (a.slot === 0 ? compare(a.nodeId, b.nodeId) : 0) || b.createdAt - a.createdAt,
  );

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function taskRow(swarm: Swarm, task: Task, now: number, isWhole: boolean): Fields {
  const { taskId, service, slot, nodeId, spec, state, desiredState, since, error } = task;
  const name = swarm.tasks.services.has(service) ? service.current.spec.name : service.serviceId;
  return {
    CurrentState: `${capitalized(state)} ${ago(now - since)}`,
    DesiredState: capitalized(desiredState),
    Error:
      error === '' ? '' : `"${isWhole || error.length <= SHORT_ERROR ? error : `${error.slice(0, SHORT_ERROR - 1)}…`}"`,
    ID: isWhole ? taskId : taskId.slice(0, SHORT_ID),
    Image: spec.image,
    Name: `${name}.${slot === 0 ? nodeId : slot}`,
    Node: swarm.nodes.get(nodeId)?.hostname ?? nodeId,
    Ports: '',
  };
}

/** `docker service inspect`. */
export function inspected({
  serviceId,
  version,
  createdAt,
  updatedAt,
  current,
  previous,
  updateStatus,
}: Service): Fields {
  return {
    ID: serviceId,
    Version: { Index: version },
    CreatedAt: time(createdAt),
    UpdatedAt: time(updatedAt),
    Spec: specOf(current.spec),
    PreviousSpec: previous === undefined ? null : specOf(previous.spec),
    UpdateStatus:
      updateStatus === undefined
        ? null
        : {
            State: updateStatus.state,
            StartedAt: time(updateStatus.startedAt),
            CompletedAt: updateStatus.completedAt === undefined ? null : time(updateStatus.completedAt),
            Message: updateStatus.message,
          },
  };
}

const time = (ms: number): string => new Date(ms).toISOString();

const specOf = ({ name, labels, task, mode, replicas, endpointMode, update, rollback }: ServiceSpec): Fields => ({
  Name: name,
  Labels: labels,
  TaskTemplate: taskSpecOf(task),
  Mode: mode === 'global' ? { Replicated: null, Global: {} } : { Replicated: { Replicas: replicas }, Global: null },
  UpdateConfig: configOf(update),
  RollbackConfig: configOf(rollback),
  EndpointSpec: { Mode: endpointMode },
});

const taskSpecOf = ({
  image,
  args,
  env,
  mounts,
  stopGrace,
  health,
  restart,
  placement,
  forceUpdate,
}: TaskSpec): Fields => ({
  ContainerSpec: {
    Image: image,
    Args: args,
    Env: env.length === 0 ? null : env,
    Mounts: mounts.length === 0 ? null : mounts.map((mount) => ({ Type: mount.split(':')[0] })),
    StopGracePeriod: stopGrace * NANO,
    Healthcheck: health === undefined ? null : healthOf(health),
  },
  RestartPolicy: { Condition: restart.condition, Delay: restart.delay * NANO, MaxAttempts: 0 },
  Placement: {
    Constraints: placement.constraints.length === 0 ? null : placement.constraints,
    MaxReplicas: placement.maxReplicas === 0 ? null : placement.maxReplicas,
  },
  ForceUpdate: forceUpdate,
});

const healthOf = ({ command, interval, startPeriod, retries }: NonNullable<TaskSpec['health']>): Fields => ({
  Test: ['CMD-SHELL', command],
  Interval: interval * NANO,
  StartPeriod: startPeriod * NANO,
  Retries: retries,
});

const configOf = ({ parallelism, delay, failureAction, monitor, maxFailureRatio, order }: UpdateConfig): Fields => ({
  Parallelism: parallelism,
  Delay: delay === 0 ? null : delay * NANO,
  FailureAction: failureAction,
  Monitor: monitor * NANO,
  MaxFailureRatio: maxFailureRatio,
  Order: order,
});
