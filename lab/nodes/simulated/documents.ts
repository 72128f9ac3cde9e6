// Which document does what on a simulated machine. The contract of machines runs these and the scripts in documents/, and compares.
import { demote } from './demote-document.ts';
import { init } from './init-document.ts';
import { confirm, drain, forget } from './manager-documents.ts';
import { join, leave, prepare } from './membership-documents.ts';
import { fence, recover, survey } from './recovery-documents.ts';
import { rotate } from './rotate-document.ts';
import type { Script } from './script.ts';
import { shift } from './shift-document.ts';
import { inspect, mend } from './tidy-documents.ts';

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
  }),
);

export function runDocument(verb: string, script: Script): Promise<Record<string, unknown>> {
  const run = VERBS.get(verb);
  if (run === undefined) {
    throw new Error(`simulated machines do not know the verb ${verb}`);
  }
  return run(script);
}
