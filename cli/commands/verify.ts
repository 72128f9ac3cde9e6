// `skep verify`: what skep takes for granted of AWS, asked of the account in which it is deployed.
import { randomUUID } from 'node:crypto';

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { Command } from 'commander';

import { autoScalingClient, queueClient, ssmClient, statesClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { manyLines, oneLine } from '../../src/core/clean-text.ts';
import { findings } from '../../src/core/verify/assumptions.ts';
import type { Settled } from '../../src/core/verify/assumptions.ts';
import { lookToVerify } from '../../src/operations/look-to-verify.ts';
import { columns } from '../columns.ts';
import { Failed } from '../errors.ts';
import { reaching, whereText } from '../reach.ts';
import type { Reach } from '../reach.ts';

interface Options extends Reach {
  readonly group?: string;
  readonly json: boolean;
}

export function defineVerify(command: Command): Command {
  return reaching(command)
    .option('--group <name>', 'look at this group (default: all groups of the clusters of the stage)')
    .option('--json', 'print the findings as JSON, and nothing else', false)
    .addHelpText(
      'after',
      '\nExample: skep verify --stage prod --group workers\nNothing is changed, and nothing costs more than a few hundred calls of AWS: some of them ask for what AWS must refuse.' +
        '\nExit codes: 0 nothing is wrong, 1 wrong use, 2 an assumption is wrong: what rests on it is said.',
    )
    .action(verify);
}

async function verify({ stage, group, json }: Options): Promise<void> {
  process.stderr.write(`reading: ${whereText(stage, process.env)}\n`);
  const ports = {
    ...{ stage, autoScaling: autoScalingClient(), cloudFormation: new CloudFormationClient({}), ec2: ec2Client() },
    ...{ queues: queueClient(), ssm: ssmClient(), states: statesClient(), table: tableClient() },
    now: () => Date.now(),
    uuid: randomUUID,
  };
  const found = findings(await lookToVerify(ports, group), stage);
  process.stdout.write(`${json ? JSON.stringify(found, undefined, 2) : report(found)}\n`);
  const wrong = found.filter(({ verdict }) => verdict === 'wrong');
  if (wrong.length > 0) {
    throw new Failed(`wrong: ${wrong.map(({ id }) => id).join(', ')}`);
  }
}

function report(found: readonly Settled[]): string {
  const table = columns(
    ['', 'assumption', 'expected', 'seen'],
    found.map((one) => [one.verdict, one.assumption, one.expected, oneLine(one.seen)]),
  );
  const wrong = found.filter(({ verdict }) => verdict === 'wrong');
  const open = found.filter(({ verdict }) => verdict === 'not settled').length;
  const told = wrong.map((one) => manyLines(`${one.id}: ${one.seen}\n  what rests on it: ${one.rests}`));
  const held = found.length - wrong.length - open;
  return [table, '', ...told, `${held} hold, ${wrong.length} wrong, ${open} not settled`].join('\n');
}
