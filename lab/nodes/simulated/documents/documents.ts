// Which document does what on a simulated machine. The contract of machines runs these and the scripts in documents/, and compares.
import { availability } from './availability.ts';
import { demote } from './demote.ts';
import { init } from './init.ts';
import { confirm, drain, forget } from './manager.ts';
import { join, leave, prepare } from './membership.ts';
import { fence, recover, survey } from './recovery.ts';
import { rotate } from './rotate.ts';
import type { Script } from './script.ts';
import { shift } from './shift.ts';
import { inspect, mend } from './tidy.ts';

type Verb = (script: Script) => Promise<Record<string, unknown>>;

const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>(
  Object.entries({
    init,
    prepare,
    join,
    leave,
    confirm,
    demote,
    drain,
    forget,
    inspect,
    mend,
    survey,
    fence,
    recover,
    rotate,
    shift,
    availability,
  }),
);

export function runDocument(verb: string, script: Script): Promise<Record<string, unknown>> {
  const run = VERBS.get(verb);
  if (run === undefined) {
    throw new Error(`simulated machines do not know the verb ${verb}`);
  }
  return run(script);
}
