// What a person may ask for by a button.
import { z } from 'zod';

import { instanceId } from '../../src/core/names.ts';

export const act = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('plan') }),
  z.strictObject({ do: z.literal('tidy') }),
  z.strictObject({ do: z.literal('rebalance') }),
  z.strictObject({ do: z.literal('scale'), group: z.string().min(1).max(255), desired: z.int().min(0).max(10_000) }),
  // Of the lab.
  z.strictObject({ do: z.literal('kill'), instance: instanceId }),
  z.strictObject({ do: z.literal('cut'), instance: instanceId }),
  z.strictObject({ do: z.literal('heal'), instance: instanceId }),
  z.strictObject({ do: z.literal('drop') }),
]);
export type Act = z.infer<typeof act>;
export type LabAct = Extract<Act, { do: 'kill' | 'cut' | 'heal' | 'drop' }>;

export interface Allowed {
  readonly changes: boolean;
  readonly lab: boolean;
}

export const isOfLab = (one: Act): one is LabAct => ['kill', 'cut', 'heal', 'drop'].includes(one.do);

/** @returns why it is refused; undefined where it is allowed. A plan changes nothing: it is a tidy that only looks */
export function whyNot(one: Act, { changes, lab }: Allowed): string | undefined {
  if (one.do === 'plan') {
    return undefined;
  }
  if (isOfLab(one) && !lab) {
    return 'only a lab can do that: nobody breaks machines of AWS from here';
  }
  return changes ? undefined : 'this page only shows: start it with --allow-changes to change something';
}
