// `skep shell`: a shell on an instance, by Session Manager and with the person's own credentials. No role of skep may do that.
import type { Command } from 'commander';

import { ssmClient } from '../../src/aws/clients.ts';
import { checkInstance } from '../instance.ts';
import { reaching, whereText } from '../reach.ts';
import type { Reach } from '../reach.ts';
import { carrySession, needPlugin } from '../session.ts';

export function defineShell(command: Command): Command {
  return reaching(command.argument('<instance>', 'its EC2 instance id'))
    .addHelpText(
      'after',
      '\nExample: skep shell i-0123456789abcdef0' +
        '\nYou need session-manager-plugin, and ssm:StartSession on the instance: skep itself has neither.' +
        '\nExit codes: 0 the session ended, 1 wrong use, 2 the agent does not answer, or the plugin failed.',
    )
    .action(shell);
}

async function shell(instance: string, { stage }: Reach): Promise<void> {
  checkInstance(instance);
  needPlugin();
  process.stderr.write(`a session with ${instance}: ${whereText(stage, process.env)}\n`);
  const code = await carrySession(ssmClient(), { Target: instance, Reason: 'skep shell' });
  process.exitCode = code === 0 ? 0 : 2;
}
