// Short ways to use the docker command line of a scene's machines, and to look at services with it.
import type { Scene } from './scene.ts';
import { FOUNDER } from './scene.ts';

/** As PID 1 a shell gets no default signal handlers, and it handles a signal only between commands: hence `wait`. */
export const FOREVER = 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done';
/** Healthy eight seconds after its start, for the health check `cat /healthy`. */
export const SLOW_START = 'trap "exit 0" TERM; sleep 8; : >/healthy; while :; do sleep 3600 & wait $!; done';
export const IMAGE = 'skep/idle:1';

const QUIETLY = ['--detach', '--quiet', '--no-resolve-image'];

/** What it prints; it must succeed. */
export async function docker(scene: Scene, ...args: readonly string[]): Promise<string> {
  const outcome = await scene.world.during(scene.machines.docker(FOUNDER, args));
  if (outcome.exitCode !== 0) {
    throw new Error(`docker ${args.join(' ')}: ${JSON.stringify(outcome)}`);
  }
  return outcome.stdout.trimEnd();
}

/** What it says when it is refused, with ids as `ID`. */
export async function refusal(scene: Scene, ...args: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await scene.world.during(scene.machines.docker(FOUNDER, args));
  return `${exitCode}: ${stderr.trim().replace(/\b[0-9a-z]{25}\b/g, 'ID')}`;
}

export async function create(scene: Scene, name: string, options: readonly string[], script = FOREVER): Promise<void> {
  await docker(scene, 'service', 'create', ...QUIETLY, '--name', name, ...options, IMAGE, 'sh', '-c', script);
}

export async function update(scene: Scene, name: string, ...options: readonly string[]): Promise<void> {
  await docker(scene, 'service', 'update', ...QUIETLY, ...options, name);
}

export async function scale(scene: Scene, name: string, replicas: number): Promise<void> {
  await docker(scene, 'service', 'scale', '--detach', `${name}=${replicas}`);
}

export async function remove(scene: Scene, name: string): Promise<void> {
  await docker(scene, 'service', 'rm', name);
}

/** The state of the last update, or `-`. */
export async function updateState(scene: Scene, name: string): Promise<string> {
  const status = await docker(scene, 'service', 'inspect', name, '--format', '{{json .UpdateStatus}}');
  return /"State":"(\w+)"/.exec(status)?.[1] ?? '-';
}

export async function untilUpdate(scene: Scene, name: string, state: string, timeoutMs = 40_000): Promise<void> {
  await scene.until(
    () => updateState(scene, name),
    (seen) => seen === state,
    timeoutMs,
  );
}

/** Ids of the tasks that run and are to run. */
export async function runningTasks(scene: Scene, service: string): Promise<string[]> {
  const { tasks } = await scene.view();
  return tasks
    .filter((task) => task.service === service && task.state === 'running' && task.desiredState === 'running')
    .map(({ taskId }) => taskId)
    .toSorted();
}

/** How many of them run on the nodes of the instances, the fullest first. */
export async function spread(scene: Scene, service: string): Promise<number[]> {
  const { tasks } = await scene.view();
  const own = tasks.filter((task) => task.service === service && task.desiredState === 'running');
  const running = own.filter(({ state }) => state === 'running');
  const counts = Map.groupBy(running, ({ nodeId }) => nodeId);
  return [...counts.values()].map(({ length }) => length).toSorted((a, b) => b - a);
}

export async function untilRunning(scene: Scene, service: string, count: number, timeoutMs = 20_000): Promise<void> {
  await scene.until(
    () => runningTasks(scene, service),
    ({ length }) => length === count,
    timeoutMs,
  );
}
