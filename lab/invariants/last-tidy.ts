// What the last tidy that went through had to repair.
import { z } from 'zod';

import type { Lab } from '../lab.ts';

const output = z.object({ plan: z.object({ repairs: z.array(z.object({ kind: z.string() })) }) });

export const lastTidy = (lab: Lab): string[] =>
  lab.executions
    .filter(({ stateMachine, status }) => stateMachine.name.endsWith('-tidy') && status === 'SUCCEEDED')
    .flatMap((one) => output.safeParse(one.output).data ?? [])
    .at(-1)
    ?.plan.repairs.map(({ kind }) => kind) ?? [];
