// What the command ends with: one table for all verbs. docs/commands.md has it for people.
export const DONE = 0;
/** Nothing was done. */
export const USAGE = 1;
/** It was done, or tried, and is not well. */
export const NOT_WELL = 2;
/** As shells say of what Ctrl-C has ended. */
export const INTERRUPTED = 130;

export const EXIT_CODES: readonly { readonly code: number; readonly meaning: string }[] = [
  { code: DONE, meaning: 'it was done, and all is well' },
  {
    code: USAGE,
    meaning:
      'nothing was done: wrong use, not confirmed, no credentials, AWS not reached or not allowed. The message says what to do',
  },
  {
    code: NOT_WELL,
    meaning:
      'it was done and did not turn out well, or there is something to do (`status`, `nodes`, `services`, `plan`, `doctor`), or it was refused',
  },
  { code: INTERRUPTED, meaning: 'you ended it (Ctrl-C)' },
];
