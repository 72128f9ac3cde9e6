// The contract of machines: what documents do and what swarms look like, whatever kind the machines are.
import { machinesContract } from './contract.ts';
import { comingBack } from './chapters/coming-back.ts';
import { copies } from './chapters/copies.ts';
import { demoting } from './chapters/demoting.ts';
import { deadManagers, demotions } from './chapters/demotions.ts';
import { departing, dying } from './chapters/departing.ts';
import { formerManagers } from './chapters/former-managers.ts';
import { founding } from './chapters/founding.ts';
import { joining, joiningLate, joiningWithoutManagers } from './chapters/joining.ts';
import { leaderChange } from './chapters/leader-change.ts';
import { leaving, leavingUnfit } from './chapters/leaving.ts';
import { managers } from './chapters/managers.ts';
import { placement } from './chapters/placement.ts';
import { cutOff, losingTheLeader, withoutQuorum } from './chapters/quorum.ts';
import { recovery } from './chapters/recovery.ts';
import { serving } from './chapters/serving.ts';
import { services } from './chapters/services.ts';
import { tokens } from './chapters/tokens.ts';
import { shifting } from './chapters/shifting.ts';
import { handingOver, updates } from './chapters/updates.ts';
import type { OpenWorld } from './scene.ts';

const CHAPTERS = [
  joiningWithoutManagers,
  leaving,
  leavingUnfit,
  joiningLate,
  joining,
  departing,
  dying,
  managers,
  demotions,
  deadManagers,
  copies,
  demoting,
  losingTheLeader,
  withoutQuorum,
  cutOff,
  founding,
  services,
  serving,
  updates,
  shifting,
  handingOver,
  placement,
  leaderChange,
  comingBack,
  formerManagers,
  recovery,
  tokens,
];

interface Options {
  readonly together: boolean;
  /** Titles of the chapters that are told; all where it is left out. */
  readonly chapters?: readonly string[];
}

/** @throws where a chapter is asked for that there is not */
export function contractOfMachines(open: OpenWorld, { together, chapters }: Options): void {
  const unknown = chapters?.filter((title) => !CHAPTERS.some((one) => one.title === title)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`the contract has no chapter ${unknown.join(', ')}`);
  }
  const told = CHAPTERS.filter(({ title }) => chapters?.includes(title) ?? true);
  machinesContract(open, told, { together });
}
