// How documents change services, on a simulated machine. As documents/verbs/shift.sh and documents/lib/history.sh have it.
import { MARK_LABEL } from '../../../../src/core/labels.ts';
import type { Script } from './script.ts';
import type { Service } from '../../../swarm/services/service.ts';
import type { ServiceSpec } from '../../../swarm/services/service-spec.ts';
import type { Swarm } from '../../../swarm/raft/swarm.ts';

/** As documents/verbs/shift.sh has it. */
const MARKS = /^(more@\d{10,11}@(0|[1-9]\d{0,8})|exclude@\d{10,11}@[0-9a-z]{25}(\+[0-9a-z]{25}){0,99})$/;
const IDLE: readonly (string | undefined)[] = [undefined, 'completed', 'rollback_completed'];

/** Why a change was not made. */
class Refused extends Error {}

interface Context {
  readonly script: Script;
  readonly swarm: Swarm;
  readonly service: Service;
}

type Change = (context: Context, until: string, nodes: string) => void;

const KINDS: ReadonlyMap<string, Change> = new Map<string, Change>([
  ['more', more],
  ['fewer', fewer],
  ['exclude', exclude],
  ['include', include],
  ['settle', settle],
  ['rollback', rollback],
]);

/** @returns why it was not made, or undefined */
export function changeService(script: Script, swarm: Swarm, text: string): string | undefined {
  try {
    make(script, swarm, text.split('@'));
    return undefined;
  } catch (error) {
    if (error instanceof Refused) {
      return error.message;
    }
    throw error;
  }
}

function make(script: Script, swarm: Swarm, [serviceId, version, kind, until, nodes]: readonly string[]): void {
  const service = swarm.tasks.services.all().find((one) => one.serviceId === serviceId);
  if (service === undefined) {
    throw new Refused('gone');
  }
  if (version !== '0' && Number(version) !== service.version) {
    throw new Refused('changed');
  }
  KINDS.get(kind ?? '')?.({ script, swarm, service }, until ?? '', nodes ?? '');
}

const markOf = (spec: ServiceSpec | undefined): string => spec?.labels[MARK_LABEL] ?? '';

/** Another update would resume what is paused, and would end what is under way before its time. */
function needIdle({ service }: Context): void {
  if (!IDLE.includes(service.updateStatus?.state)) {
    throw new Refused('busy');
  }
  if (markOf(service.current.spec) !== '') {
    throw new Refused('marked');
  }
}

/** The last update was skep's own, or nothing is under way. */
function needOwn({ service }: Context): void {
  if (markOf(service.previous?.spec) !== '' && !IDLE.includes(service.updateStatus?.state)) {
    throw new Refused('busy');
  }
}

function write({ script, swarm, service }: Context, spec: ServiceSpec): void {
  script.tryDocker(() => {
    swarm.tasks.services.update(service, spec);
  }, /^$/);
}

function more(context: Context, until: string): void {
  const { spec } = context.service.current;
  needIdle(context);
  if (spec.mode !== 'replicated') {
    throw new Refused('invalid');
  }
  keepHistory(context);
  const labels = { ...spec.labels, [MARK_LABEL]: `more@${until}@${spec.replicas}` };
  write(context, { ...spec, replicas: spec.replicas + 1, labels });
}

/** The parts of skep's mark. Anybody may write the label, so that what skep cannot have written is none. */
function needMark({ service }: Context, kind: string): string[] {
  const mark = markOf(service.current.spec);
  if (!mark.startsWith(`${kind}@`) || !MARKS.test(mark)) {
    throw new Refused('unmarked');
  }
  return mark.split('@');
}

/** What somebody else has set since stays. */
function fewer(context: Context): void {
  const { spec } = context.service.current;
  const [, , before] = needMark(context, 'more');
  needOwn(context);
  const replicas = spec.replicas === Number(before) + 1 ? Number(before) : spec.replicas;
  write(context, { ...unmarked(spec), replicas });
}

function exclude(context: Context, until: string, nodes: string): void {
  const { spec } = context.service.current;
  needIdle(context);
  const own = constraintsOf(nodes);
  const { placement } = spec.task;
  // Somebody else's own. Taken away with skep's, it would be missed.
  if (placement.constraints.some((one) => own.includes(one))) {
    throw new Refused('constrained');
  }
  keepHistory(context);
  const labels = { ...spec.labels, [MARK_LABEL]: `exclude@${until}@${nodes}` };
  const constraints = [...own, ...placement.constraints];
  write(context, { ...spec, labels, task: { ...spec.task, placement: { ...placement, constraints } } });
}

function include(context: Context): void {
  const { spec } = context.service.current;
  const [, , nodes = ''] = needMark(context, 'exclude');
  needOwn(context);
  const { placement } = spec.task;
  const constraints = placement.constraints.filter((one) => !constraintsOf(nodes).includes(one));
  write(context, { ...unmarked(spec), task: { ...spec.task, placement: { ...placement, constraints } } });
}

const constraintsOf = (nodes: string): string[] => nodes.split('+').map((nodeId) => `node.id!=${nodeId}`);

function unmarked(spec: ServiceSpec): ServiceSpec {
  return { ...spec, labels: Object.fromEntries(Object.entries(spec.labels).filter(([key]) => key !== MARK_LABEL)) };
}

// --- The history

/** Before the first touch. What was kept before stays, if the last update was skep's. */
function keepHistory({ script, swarm, service }: Context): void {
  const { serviceId, current, previous } = service;
  if (markOf(previous?.spec) !== '') {
    return;
  }
  if (previous === undefined) {
    swarm.kept.delete(serviceId);
  } else {
    swarm.kept.set(serviceId, { previous, isSafe: isSafe(current.spec, previous.spec), at: script.seconds() });
  }
}

/** What is not of the tasks is the same, and what is replaced is started first. */
function isSafe(now: ServiceSpec, before: ServiceSpec): boolean {
  const beside = (spec: ServiceSpec): string => JSON.stringify({ ...spec, task: undefined });
  return now.update.order === 'start-first' && beside(now) === beside(before);
}

function settle(context: Context): void {
  const { swarm, service } = context;
  const { current, previous, serviceId } = service;
  if (markOf(current.spec) !== '') {
    throw new Refused('marked');
  }
  const isOwn = markOf(previous?.spec) !== '';
  const kept = swarm.kept.get(serviceId);
  if (kept === undefined) {
    // There was nothing before: written twice, it is its own past, without skep's mark.
    if (isOwn) {
      write(context, current.spec);
    }
    return;
  }
  if (isOwn && !kept.isSafe) {
    throw new Refused('unsafe');
  }
  if (isOwn) {
    const present = current.spec;
    write(context, kept.previous.spec);
    write(context, present);
  }
  swarm.kept.delete(serviceId);
}

function rollback(context: Context): void {
  const { swarm, service } = context;
  needIdle(context);
  const kept = swarm.kept.get(service.serviceId);
  if (markOf(service.previous?.spec) === '') {
    swarm.kept.delete(service.serviceId);
    throw new Refused('changed');
  }
  if (kept === undefined) {
    throw new Refused('nothing');
  }
  write(context, kept.previous.spec);
  swarm.kept.delete(service.serviceId);
}
