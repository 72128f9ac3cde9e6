// Puts the page together: its sources, its watch, its server.
import { answersOf } from './answers.ts';
import { swarmOfLab } from './lab-hands.ts';
import { PageReader } from './read.ts';
import { servePage } from './server.ts';
import type { ServedPage } from './server.ts';
import { Watch } from './watch.ts';

export interface PageOptions {
  readonly cluster: string;
  readonly stage: string;
  /** For people. */
  readonly where: string;
  readonly port: number;
  /** Where the lab answers; undefined for AWS. */
  readonly lab: string | undefined;
  /** From one look to the next, ms. */
  readonly every: number;
  readonly changes: boolean;
}

export function openPage({ cluster, stage, where, port, lab, every, changes }: PageOptions): Promise<ServedPage> {
  const swarm = lab === undefined ? undefined : () => swarmOfLab(lab, cluster);
  const reader = new PageReader({ cluster, stage, where, swarm, every });
  const watch = new Watch(() => reader.look(), every);
  const allowed = { changes, lab: lab !== undefined };
  return servePage(port, watch, answersOf({ cluster, stage, allowed, lab }, watch));
}
