// The tidy's period stands in languages that cannot read each other's numbers: each of them says the same.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { TIDY_EVERY, TIDY_OVERDUE } from '../../src/core/tidy/schedule.ts';

const ROOT = new URL('../../', import.meta.url);

/** What a file says of it, and what it is to be. */
const PLACES: readonly (readonly [file: string, said: RegExp, expected: number])[] = [
  ['resources/rules.yaml', /Name: skep-\S+-tidy\n.*\n\s+ScheduleExpression: rate\((\d+) minutes\)/, TIDY_EVERY / 60],
  ['statemachines/tidy.asl.yaml', /Execution\.StartTime\) \/ (\d+)\)/, TIDY_EVERY * 1000],
  ['resources/verdict-alarms.yaml', /MetricName: LastGoodTidyAge\n(?:.*\n)*?\s+Threshold: (\d+)/, TIDY_OVERDUE],
  ['resources/dashboard.yaml', /"title": "(?:Verdicts: |Managers missing, |Seconds: ).*"period": (\d+)/, TIDY_EVERY],
  ['cli/page/assets/page.js', /'last tidy': (\d+)/, TIDY_OVERDUE],
];

describe('the period of the tidy', () => {
  it.each(PLACES)('is what %s says it is', (file, said, expected) => {
    const all = readFileSync(new URL(file, ROOT), 'utf8').matchAll(new RegExp(said, 'g'));
    expect([...new Set([...all].map(([, number]) => Number(number)))]).toEqual([expected]);
  });
});
