// How often a tidy comes, and what follows from that. What no TypeScript can read (the rule, the state machine, the alarm, the dashboard,
// the page) says these numbers once more: test/template/schedule.test.ts holds them together.

/** Between two scheduled tidies, seconds. */
export const TIDY_EVERY = 600;

/** When three scheduled tidies have not come, something is broken. Seconds since the last one. */
export const TIDY_OVERDUE = 3 * TIDY_EVERY;
