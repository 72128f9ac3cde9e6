// What an engine begins with.
import type { SwarmFolder } from './swarm-folder.ts';

export interface EngineSpec {
  readonly address: string;
  /** Where its connections come from; its address where that is missing. */
  readonly seenAt?: string;
  /** Where it is not made from the address. */
  readonly hostname: string | undefined;
  readonly startsAt: number;
  /** A copied one, in the image of its machine. */
  readonly folder: SwarmFolder | undefined;
}
