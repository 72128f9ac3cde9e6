// The swarms of the lab that have a leader, as the machines have them.
import type { Lab } from '../lab.ts';
import type { SwarmTruth } from '../nodes/machines.ts';

export const ledSwarms = (lab: Lab): SwarmTruth[] => (lab.machines.truth?.() ?? []).filter(({ isLed }) => isLed);
