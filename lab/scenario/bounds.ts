// What bounded the time of a burst: where the instance that was done last spent its time, and which agents were full.
import type { Lab } from '../lab.ts';
import type { CommandRecord } from '../aws/services/invocation.ts';
import type { Move } from '../instance-times.ts';

export interface Bound {
  readonly what: string;
  /** Where: the instance whose agent or script it was. */
  readonly instance: string | null;
  readonly seconds: number;
}

export interface Last {
  readonly instance: string;
  readonly group: string;
  readonly lifecycle: string;
  readonly seconds: number;
}

/** The most that was at an agent at any time, and the longest that a command waited for it, seconds. */
export interface AgentLoad {
  readonly running: number;
  readonly buffered: number;
  readonly refused: number;
  readonly longestWait: number;
}

interface Interval {
  readonly what: string;
  readonly instance: string | null;
  readonly from: number;
  readonly to: number;
}

export function lastOf(move: Move | undefined): Last | null {
  if (move === undefined) {
    return null;
  }
  const { instance, group, lifecycle, from, to } = move;
  return { instance, group, lifecycle, seconds: (to - from) / 1000 };
}

/** The parts of its time, the longest first; together they are all of it. */
export function boundsOf(lab: Pick<Lab, 'runCommand'>, move: Move | undefined): Bound[] {
  if (move === undefined) {
    return [];
  }
  const parts = new Map<string, { what: string; instance: string | null; ms: number }>();
  for (const { what, instance, from, to } of split(move, intervalsOf(lab, move))) {
    const key = `${what} ${instance ?? ''}`;
    const part = parts.get(key) ?? { what, instance, ms: 0 };
    part.ms += to - from;
    parts.set(key, part);
  }
  return [...parts.values()]
    .toSorted((a, b) => b.ms - a.ms)
    .map(({ what, instance, ms }) => ({ what, instance, seconds: ms / 1000 }));
}

/** Where two say something of the same moment, the earlier in this list is right. */
function intervalsOf({ runCommand }: Pick<Lab, 'runCommand'>, move: Move): Interval[] {
  const { instance, from, hookAt, to } = move;
  const commands = [...runCommand.commands].filter((one) => isAbout(one, instance) && one.requestedAt >= from);
  const registeredAt = runCommand.agents.get(instance)?.registeredAt ?? to;
  return [
    ...commands.flatMap((command) => partsOf(command, to)),
    ...throttlesOf(runCommand, commands, move),
    { what: 'the instance starts', instance, from, to: move.lifecycle === 'InService' ? (hookAt ?? from) : from },
    { what: 'its agent registers', instance, from: hookAt ?? from, to: registeredAt },
    { what: 'events, pauses between tries, waits for others', instance: null, from, to },
  ];
}

function isAbout({ instanceId, parameters }: CommandRecord, instance: string): boolean {
  return instanceId === instance || parameters['instanceId']?.[0] === instance;
}

function partsOf(command: CommandRecord, now: number): Interval[] {
  const { verb, instanceId: instance, requestedAt, startedAt, endedAt = now } = command;
  return [
    { what: 'commands wait for the agent', instance, from: requestedAt, to: startedAt ?? endedAt },
    { what: `${verb} runs`, instance, from: startedAt ?? endedAt, to: endedAt },
  ];
}

/** From the first refusal until the command was sent after all. */
function throttlesOf(
  { throttled }: Lab['runCommand'],
  commands: readonly CommandRecord[],
  { instance, from, to }: Move,
): Interval[] {
  return throttled
    .filter(({ subject, at }) => subject === instance && at >= from)
    .map(({ verb, at }) => ({
      what: 'SendCommand is throttled',
      instance: null,
      from: at,
      to: commands.find((one) => one.verb === verb && one.requestedAt >= at)?.requestedAt ?? to,
    }));
}

/** Cuts the move where anything begins or ends, and gives each piece to the first that covers it. */
function split({ from, to }: Move, intervals: readonly Interval[]): Interval[] {
  const within = (time: number): boolean => time > from && time < to;
  const cuts = intervals.flatMap((one) => [one.from, one.to]).filter(within);
  const times = [...new Set([from, ...cuts, to])].toSorted((a, b) => a - b);
  return times.slice(1).flatMap((end, index) => {
    const begin = times[index] ?? from;
    const cover = intervals.find((one) => one.from <= begin && one.to >= end);
    return cover === undefined ? [] : [{ ...cover, from: begin, to: end }];
  });
}

/** Of the agents that had more than they could run at once. */
export function agentLoads({ runCommand }: Pick<Lab, 'runCommand'>): Record<string, AgentLoad> {
  const longest = new Map<string, number>();
  for (const { instanceId, requestedAt, startedAt } of runCommand.commands) {
    const waited = (startedAt ?? requestedAt) - requestedAt;
    longest.set(instanceId, Math.max(waited, longest.get(instanceId) ?? 0));
  }
  return Object.fromEntries(
    [...runCommand.agents]
      .filter(([, { peaks }]) => peaks.buffered > 0)
      .map(([instance, { peaks }]) => [instance, { ...peaks, longestWait: (longest.get(instance) ?? 0) / 1000 }]),
  );
}

/** For people: one line, and one more for each agent that was full and each limit that was hit. */
export function boundsText(result: {
  readonly last: Last | null;
  readonly bounds: readonly Bound[];
  readonly agents: Readonly<Record<string, AgentLoad>>;
  readonly throttled: Readonly<Record<string, number>>;
}): string[] {
  const { last, bounds, agents, throttled } = result;
  if (last === null) {
    return [];
  }
  const parts = bounds.filter(({ seconds }) => seconds > 0).map((bound) => boundText(bound, last.instance));
  const full = Object.entries(agents)
    .filter(([, { refused }]) => refused > 0)
    .map(([instance, { longestWait }]) => `the agent of ${instance} was full, for up to ${longestWait.toFixed(1)} s`);
  const refused = Object.entries(throttled)
    .filter(([, times]) => times > 0)
    .map(([what, times]) => `${what} was throttled ${times} times`);
  const { instance, group, lifecycle, seconds } = last;
  return [
    `the last, ${instance} of ${group}, was ${lifecycle} after ${seconds.toFixed(1)} s: ${parts.join(', ')}`,
    ...full,
    ...refused,
  ];
}

function boundText({ what, instance, seconds }: Bound, own: string): string {
  const where = instance === null || instance === own ? '' : ` (${instance})`;
  return `${seconds.toFixed(1)} s ${what}${where}`;
}
