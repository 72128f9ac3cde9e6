// The contract of machines: what documents do and what swarms look like, whatever kind the machines are.
import { machinesContract } from './contract.ts';
import { departing, dying } from './chapters/departing.ts';
import { founding } from './chapters/founding.ts';
import { joining, joiningLate, joiningWithoutManagers } from './chapters/joining.ts';
import { leaving } from './chapters/leaving.ts';
import { managers } from './chapters/managers.ts';
import type { OpenWorld } from './scene.ts';

const CHAPTERS = [joiningWithoutManagers, leaving, joiningLate, joining, departing, dying, managers, founding];

export function contractOfMachines(open: OpenWorld, options: { readonly together: boolean }): void {
  machinesContract(open, CHAPTERS, options);
}
