// A scenario as it is written down: what a seed makes, what is shortened, and what `lab run` reads again.
import { stringify } from 'yaml';

export type WrittenStep = Readonly<Record<string, unknown>>;

export interface Written {
  readonly name: string;
  readonly description?: string;
  readonly seed: number;
  readonly invariants: 'always' | 'at rest too';
  readonly passOver: boolean;
  readonly limits?: Readonly<Record<string, unknown>>;
  readonly groups: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly steps: readonly WrittenStep[];
}

export const textOf = (written: Written): string => stringify(written, { lineWidth: 0, aliasDuplicateObjects: false });

/** Longer than the lists of a seed lag: what a tidy has ended, the next one is not to see in service. */
const SHOWN_AFTER: WrittenStep = { advance: '1m' };

/** Steps after which nothing may go wrong any more, and which are there to see that it does not: no shortening takes them away. */
export const REST: readonly WrittenStep[] = [
  { calm: {} },
  { unhold: {} },
  { advance: '25m' },
  { settle: '4h' },
  { tidy: {} },
  { settle: '1h' },
  SHOWN_AFTER,
  { tidy: {} },
  { settle: '1h' },
];
