// All verbs, by name.
import type { Verb } from '../../names.ts';
import { availability } from './availability.ts';
import { confirm } from './confirm.ts';
import { demote } from './demote.ts';
import { drain } from './drain.ts';
import { fence } from './fence.ts';
import { forget } from './forget.ts';
import { init } from './init.ts';
import { inspect } from './inspect.ts';
import { join } from './join.ts';
import { leave } from './leave.ts';
import { mend } from './mend.ts';
import { prepare } from './prepare.ts';
import { recover } from './recover.ts';
import { rotate } from './rotate.ts';
import { shift } from './shift.ts';
import { survey } from './survey.ts';
import type { VerbUnit } from './verb.ts';

export const UNITS: Readonly<Record<Verb, VerbUnit>> = {
  init,
  prepare,
  join,
  confirm,
  demote,
  drain,
  leave,
  forget,
  inspect,
  survey,
  fence,
  recover,
  rotate,
  mend,
  shift,
  availability,
};
