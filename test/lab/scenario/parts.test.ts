// Labs of one process share a stack.
import { expect, it } from '@jest/globals';

import { stackOf } from '../../../lab/scenario/parts.ts';

it('a stack is read once for all labs of a process, and none of them can change it', async () => {
  const [stack, again] = [await stackOf('dev'), await stackOf('dev')];

  expect(again).toBe(stack);
  const [deployed] = stack.functions;
  const [role] = stack.roles;
  expect(() => Object.assign(stack, { region: 'us-east-1' })).toThrow(TypeError);
  expect(() => Object.assign(deployed?.environment ?? {}, { STAGE: 'other' })).toThrow(TypeError);
  expect(() => {
    (role?.policies[0]?.document.Statement as unknown[]).pop();
  }).toThrow(TypeError);
}, 240_000);
