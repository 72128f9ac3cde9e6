// What a stage costs a month while nothing happens, from its packaged template and the budgets that scenarios hold:
// `node scripts/price.ts [CLUSTERS]`. Prices are those of eu-west-1 as AWS lists them, without free tiers and taxes.
import { readFileSync } from 'node:fs';

import { parse } from 'yaml';
import { z } from 'zod';

import { packageService } from '../lab/aws/stack/package-service.ts';
import { parseTemplate } from '../lab/aws/stack/template.ts';
import { VERDICT_METRICS } from '../src/core/verdict/verdict.ts';

/** US dollars. */
const PRICES = { alarm: 0.1, dashboard: 3, key: 1, metric: 0.3, transition: 25 / 1_000_000 } as const;
const TIDIES_A_MONTH = 6 * 24 * 30;

/** Of a tidy that finds nothing to do, as test/scenarios/tidy/nothing-to-do.yaml holds it. */
function transitionsOfTidy(): number {
  const steps = z
    .object({ expect: z.array(z.looseObject({})).optional(), steps: z.array(z.looseObject({})).optional() })
    .parse(parse(readFileSync('test/scenarios/tidy/nothing-to-do.yaml', 'utf8')));
  const [, max = ''] = /"transitions":\{"max":(\d+)\}/.exec(JSON.stringify(steps)) ?? [];
  if (max === '') {
    throw new Error('test/scenarios/tidy/nothing-to-do.yaml holds no budget of transitions any more');
  }
  return Number(max);
}

const clusters = Number(process.argv[2] ?? '1');
const { template } = await packageService({ stage: 'dev' });
const types = Object.values(parseTemplate(JSON.parse(readFileSync(template, 'utf8'))).Resources).map(
  ({ Type }) => Type,
);
const count = (type: string): number => types.filter((one) => one === type).length;

const rows: readonly (readonly [what: string, number: number, price: number])[] = [
  ['alarms', count('AWS::CloudWatch::Alarm'), PRICES.alarm],
  ['dashboards', count('AWS::CloudWatch::Dashboard'), PRICES.dashboard],
  ['keys', count('AWS::KMS::Key'), PRICES.key],
  ['metrics of verdicts, by cluster and by stage', Object.keys(VERDICT_METRICS).length * (clusters + 1), PRICES.metric],
  ['state transitions of tidies', TIDIES_A_MONTH * clusters * transitionsOfTidy(), PRICES.transition],
];
for (const [what, number, price] of rows) {
  process.stdout.write(`${(number * price).toFixed(2).padStart(7)}  ${number} ${what}\n`);
}
const sum = rows.reduce((total, [, number, price]) => total + number * price, 0);
process.stdout.write(`${sum.toFixed(2).padStart(7)}  US dollars a month with ${clusters} cluster(s)\n`);
process.stdout.write('         and calls of Lambda, DynamoDB, SNS and logs, which are cents\n');
