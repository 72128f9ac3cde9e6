// A state machine as a picture: its states and what may follow on each, and the way that one execution has taken through them.
import { Graph, layout } from '@dagrejs/dagre';
import { z } from 'zod';

const state = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  Default: z.string().optional(),
  Choices: z.array(z.looseObject({ Next: z.string().optional() })).optional(),
  Catch: z.array(z.looseObject({ Next: z.string() })).optional(),
});
const machine = z.looseObject({ StartAt: z.string(), States: z.record(z.string(), state) });

interface Edge {
  readonly from: string;
  readonly to: string;
  /** After an error. */
  readonly caught: boolean;
}

export interface MachineGraph {
  readonly states: readonly { readonly name: string; readonly type: string }[];
  readonly edges: readonly Edge[];
}

/** Of a definition in the Amazon States Language. What is within a Map or a Parallel is one state here. */
export function graphOf(definition: string): MachineGraph {
  const { States: states } = machine.parse(JSON.parse(definition));
  const edges = Object.entries(states).flatMap(([from, { Next, Default, Choices = [], Catch = [] }]) => [
    ...[Next, Default, ...Choices.map((one) => one.Next)].flatMap((to) =>
      to === undefined ? [] : [{ from, to, caught: false }],
    ),
    ...Catch.map((one) => ({ from, to: one.Next, caught: true })),
  ]);
  const once = new Map(edges.toReversed().map((edge) => [`${edge.from} ${edge.to}`, edge]));
  return {
    states: Object.entries(states).map(([name, { Type: type }]) => ({ name, type })),
    edges: [...once.values()].filter(({ to }) => Object.hasOwn(states, to)).toReversed(),
  };
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly states: readonly {
    readonly name: string;
    readonly type: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  readonly edges: readonly (Edge & { readonly points: readonly { readonly x: number; readonly y: number }[] })[];
}

const HEIGHT = 26;
const LETTER = 7;

export function pictureOf({ states, edges }: MachineGraph): Picture {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 18, ranksep: 26, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { name } of states) {
    graph.setNode(name, { width: name.length * LETTER + 20, height: HEIGHT });
  }
  for (const { from, to } of edges) {
    graph.setEdge(from, to);
  }
  layout(graph);
  const { width, height } = z.object({ width: z.number(), height: z.number() }).parse(graph.graph());
  return {
    width,
    height,
    states: states.map(({ name, type }) => {
      const at = z
        .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
        .parse(graph.node(name));
      return { name, type, ...at };
    }),
    edges: edges.map((edge) => {
      const { points } = z
        .object({ points: z.array(z.object({ x: z.number(), y: z.number() })) })
        .parse(graph.edge(edge.from, edge.to));
      return { ...edge, points };
    }),
  };
}

export interface Visit {
  readonly state: string;
  /** Epoch seconds. */
  readonly at: number;
  readonly left: number | null;
}

/** What of an event of GetExecutionHistory matters here. */
export interface HistoryLine {
  readonly type: string;
  readonly at: number;
  readonly state: string | undefined;
}

/** The states in the order in which they were entered. Of one that was entered again there are two visits. */
export function pathOf(history: readonly HistoryLine[]): Visit[] {
  const visits: { state: string; at: number; left: number | null }[] = [];
  for (const { type, at, state: name } of history) {
    if (name === undefined) {
      continue;
    }
    if (type.endsWith('StateEntered')) {
      const before = visits.at(-1);
      // One that was left by an error has no exit of its own.
      if (before !== undefined) {
        before.left ??= at;
      }
      visits.push({ state: name, at, left: null });
    } else if (type.endsWith('StateExited')) {
      const last = visits.findLast((visit) => visit.state === name && visit.left === null);
      if (last !== undefined) {
        last.left = at;
      }
    }
  }
  return visits;
}
