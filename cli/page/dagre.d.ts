// The types of dagre, as far as the page uses it. Its own types import files without their endings, which Node's resolution refuses.
declare module '@dagrejs/dagre' {
  export class Graph {
    setGraph(label: Readonly<Record<string, unknown>>): void;
    setDefaultEdgeLabel(make: () => Record<string, unknown>): void;
    setNode(name: string, label: Readonly<Record<string, unknown>>): void;
    setEdge(from: string, to: string): void;
    /** After the layout with a width and a height. */
    graph(): unknown;
    node(name: string): unknown;
    edge(from: string, to: string): unknown;
  }
  export function layout(graph: Graph): void;
}
