// The faults that simulations have to find stand where the code is now: what is changed there, is changed here.
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { FAULTS } from '../../scripts/planted/faults.ts';

describe('planted faults', () => {
  it('have a name each', () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  });

  it.each(FAULTS)('$name: its text is in the code exactly once, and what is put there is another', (fault) => {
    expect(readFileSync(fault.file, 'utf8').split(fault.find)).toHaveLength(2);
    expect(fault.put).not.toBe(fault.find);
  });
});
