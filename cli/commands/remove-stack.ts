// `skep remove-stack`: takes the service of a stage away. Swarms, groups and instances stay, and nothing keeps them in step any more.
import { setTimeout as sleep } from 'node:timers/promises';

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import type { Command } from 'commander';

import { autoScalingClient, statesClient } from '../../src/aws/clients.ts';
import { planRemoval, removalText } from '../../src/core/removal/removal.ts';
import { carryOutRemoval, lookToRemove } from '../../src/operations/remove-stage.ts';
import { YES, confirm } from '../confirm.ts';
import { Failed, UsageError } from '../errors.ts';
import { leaves } from '../interruption.ts';
import { sayPlace } from '../place.ts';
import { reaching, whereText } from '../reach.ts';
import type { Reach } from '../reach.ts';
import { say } from '../output.ts';

interface Options extends Reach {
  readonly yes: boolean;
  readonly check: boolean;
  readonly endExecutions: boolean;
}

const LOOK_EVERY = 2000;

export function defineRemoveStack(command: Command): Command {
  return reaching(command)
    .option('--check', 'change nothing, and say what is in the way and what would be done', false)
    .option('--end-executions', 'end what is at work on instances, too', false)
    .option(...YES)
    .addHelpText(
      'after',
      '\nExample: skep remove-stack --stage prod --check\nSwarms, groups and instances stay as they are. The table stays, too: deployed again, the clusters go on.' +
        '\nStopped anywhere, it goes on when you run it again.' +
        '\nExit codes: 0 it is gone, 1 wrong use or not confirmed, 2 something is in the way, or CloudFormation could not delete it all.',
    )
    .action(removeStack);
}

async function removeStack({ stage, yes, check, endExecutions }: Options): Promise<void> {
  const ports = {
    ...{ stage, autoScaling: autoScalingClient(), cloudFormation: new CloudFormationClient({}) },
    ...{ iam: new IAMClient({}), states: statesClient(), pause: () => sleep(LOOK_EVERY) },
  };
  const facts = await lookToRemove(ports);
  const planned = planRemoval(facts, endExecutions);
  if (planned.steps.length === 0) {
    throw new UsageError(`there is nothing of stage ${stage} here: ${whereText(stage, process.env)}`);
  }
  for (const step of planned.steps) say(removalText(step, stage));
  if (planned.stops.length > 0) {
    throw new Failed(`${planned.stops.join('\n')}\nnothing was changed`);
  }
  if (check) {
    return;
  }
  await sayPlace('the service is to be removed', stage);
  await confirm('', { cluster: stage, what: 'stage', yes });
  leaves('what was begun goes on: the same command goes on with the rest');
  const { status, because } = await carryOutRemoval(ports, planned, (step) => {
    process.stderr.write(`${removalText(step, stage)}\n`);
  });
  if (status !== undefined) {
    throw new Failed(`the stack skep-${stage} is ${status}: ${because ?? ''}\nrun it again when the reason is gone`);
  }
  say(
    `stage ${stage} is removed. The table skep-${stage} is kept: deploy again, and its clusters go on; or delete it` +
      `\n  aws dynamodb update-table --table-name skep-${stage} --no-deletion-protection-enabled` +
      `\n  aws dynamodb delete-table --table-name skep-${stage}`,
  );
}
