// What a made-up cluster should have come to so far, roughly: enough to choose steps that make sense, and no more.
import type { Dice } from '../dice.ts';

export interface SketchedGroup {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  desired: number;
}

export class Sketch {
  readonly groups: readonly SketchedGroup[];
  readonly services: string[] = [];
  isHeld = false;
  /** Managers that were taken away, and are not back as far as anybody has waited for. */
  away = 0;
  /** What has to be put back. */
  readonly broken = new Set<'engine' | 'cable' | 'agent' | 'power' | 'standby' | 'webhook'>();

  constructor(groups: readonly SketchedGroup[]) {
    this.groups = groups;
  }

  get managers(): number {
    return this.groups.filter(({ role }) => role === 'manager').reduce((sum, { desired }) => sum + desired, 0);
  }

  get populated(): SketchedGroup[] {
    return this.groups.filter(({ desired }) => desired > 0);
  }

  /** Whether one more manager may be taken away without the quorum going with it. */
  get canSpare(): boolean {
    return this.managers - this.away - 1 >= Math.floor(this.managers / 2) + 1;
  }

  /** A group of which one may be taken away. */
  victims(isCatastrophe: boolean): SketchedGroup[] {
    return this.populated.filter(({ role }) => role === 'worker' || isCatastrophe || this.canSpare);
  }

  take({ role }: SketchedGroup): void {
    this.away += role === 'manager' ? 1 : 0;
  }

  someService(dice: Dice): string {
    return dice.pick(this.services);
  }
}
