// Writes down what a later attempt must know, before anything else is done.
import type { Note, Step } from '../core/steps/step.ts';
import type { StepPorts } from './ports.ts';
import { ofNode } from './step.ts';

export async function note({ table }: StepPorts, step: Step, noted: Note | undefined): Promise<void> {
  if (noted !== undefined) {
    const { on, ...changes } = noted;
    await table.park(on === 'node' ? ofNode(step) : step.key, changes);
  }
}
