// Sends the command of a step. The item is written first, so that an execution that has lost the node sends nothing.
import { sendCommand } from '../aws/run-command.ts';
import { toComment, tryOf } from '../core/steps/rendezvous.ts';
import type { StepKey } from '../core/steps/rendezvous.ts';
import type { Facts, Send, Step } from '../core/steps/step.ts';
import { traitsOf } from '../core/steps/verbs.ts';
import { note } from './note.ts';
import type { StepPorts } from './ports.ts';

const DAY = 86_400;

/** @returns what was in the way; undefined if the command is on its way */
export async function send(
  ports: StepPorts,
  step: Step,
  decision: Send,
  facts: Facts,
): Promise<Partial<Facts> | undefined> {
  const { cluster, instance } = step.key;
  const { lockUntil } = decision.command;
  await note(ports, step, decision.note);
  // What changes the managers of a swarm is sent only under the membership lock, whose lease outlives it.
  if (lockUntil !== undefined && !(await ports.lock.take({ cluster, instance }, facts.now, lockUntil))) {
    return { obstacle: { kind: 'locked' } };
  }
  const key = await keyOf(ports, step, decision, facts);
  return key === undefined ? { obstacle: { kind: 'not begun' } } : sendOnce(ports, decision, key);
}

/** @returns undefined if the item may not be written: another execution owns the node, or a hold has marked it */
async function keyOf({ table }: StepPorts, step: Step, decision: Send, facts: Facts): Promise<StepKey | undefined> {
  const { key, taskToken } = step;
  const { command, record } = decision;
  const { phaseWhenSent: phase } = traitsOf(command.verb);
  if (decision.begun) {
    return { ...key, try: facts.item ? tryOf(facts.item, key.step) : decision.try };
  }
  const item = await table.begin(
    { ...key, try: decision.try },
    {
      taskToken,
      sentAt: facts.now,
      target: command.target,
      ...(record === undefined ? {} : { record }),
      ...(key.belongsTo === 'execution' ? { expiresAt: facts.now + DAY } : {}),
      ...(phase === undefined ? {} : { phase }),
    },
  );
  return item && { ...key, try: tryOf(item, key.step) };
}

async function sendOnce(
  ports: StepPorts,
  { command, last }: Send,
  key: StepKey,
): Promise<Pick<Facts, 'obstacle'> | undefined> {
  const sent = await sendCommand(ports.sending, ports.stage, command, toComment(key));
  const { verb, target } = command;
  switch (sent.kind) {
    case 'sent':
      await keepCommand(ports, key, { commandId: sent.commandId, target });
      return undefined;
    case 'uncertain':
      return { obstacle: { kind: 'unanswered', because: sent.because } };
    case 'refused':
      return { obstacle: { kind: 'refused', verb, because: sent.because } };
    case 'denied': {
      const { name: denied, message: because } = sent.error;
      return { obstacle: { kind: 'refused', verb, because, ...(last ? { denied } : {}) } };
    }
  }
}

/** If this write fails the command is on its way all the same, and the next attempt searches for it by its comment. */
async function keepCommand(
  { table }: StepPorts,
  key: StepKey,
  command: { readonly commandId: string; readonly target: string },
): Promise<void> {
  try {
    await table.keepCommand(key, command);
  } catch {
    // The wait goes on without it.
  }
}
