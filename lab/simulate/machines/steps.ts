// The steps of a sequence: lines of text, so that a sequence that fails can be read, shortened, and played again by hand.
//
//   on 1: docker node rm --force {node-3}    a docker command on machine 1; {...} is filled in by each world
//   kill 2 / start 2 / restart 2             dockerd on machine 2
//   cut 2 / heal 2 / die 2                   its network, the machine itself
//   launch 5 / launch 5 with folder of 2     a fresh machine, or one from an image that contains a swarm folder
//   at once, on 1: ...                       before the last step has come to anything
//
// {node-3} is the newest node id that machine 3 has had; {ip-3} its address; {worker-token-1} the join token of the swarm that machine 1
// has founded; {json} is the format that prints everything, {idle} a program that does nothing until it is told to stop.

export type Step =
  | { readonly verb: 'docker'; readonly machine: number; readonly args: readonly string[] }
  | { readonly verb: 'kill' | 'start' | 'restart' | 'cut' | 'heal' | 'die'; readonly machine: number }
  | { readonly verb: 'launch'; readonly machine: number; readonly folderOf: number | undefined };

export const AT_ONCE = 'at once, ';

const PATTERN =
  /^(?:at once, )?(?:on (?<on>\d+): docker (?<args>.+)|(?<fault>kill|start|restart|cut|heal|die) (?<at>\d+)|launch (?<fresh>\d+)(?: with folder of (?<of>\d+))?)$/;

/** @throws where the line is no step */
export function readStep(line: string): Step {
  const found = PATTERN.exec(line)?.groups;
  if (found === undefined) {
    throw new Error(`this is no step: ${line}`);
  }
  const { on, args = '', fault, at, fresh, of } = found;
  if (on !== undefined) {
    return { verb: 'docker', machine: Number(on), args: args.split(' ') };
  }
  if (fault !== undefined) {
    return { verb: fault as 'kill', machine: Number(at) };
  }
  return { verb: 'launch', machine: Number(fresh), folderOf: of === undefined ? undefined : Number(of) };
}

export interface Sequence {
  readonly seed: number;
  /** Machines 1 to n are there before the first step. */
  readonly machines: number;
  readonly steps: readonly string[];
}

/** A sequence as somebody writes it by hand: its steps, with semicolons between them. */
export function readSequence(text: string): Sequence {
  const steps = text
    .split(';')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const verbs = steps.map(readStep);
  const launched = verbs.filter(({ verb }) => verb === 'launch').map(({ machine }) => machine);
  const machines = verbs.map(({ machine }) => machine).filter((machine) => !launched.includes(machine));
  return { seed: 0, machines: Math.max(...machines), steps };
}
