// How many managers the groups have wanted lately: whoever decides about one has read it a while ago.
import type { Member } from '../aws/services/group.ts';
import type { Lab } from '../lab.ts';

/** A demotion may be on its way for so long after somebody has looked. */
const REMEMBERED = 30 * 60_000;

const isBeingReplaced = ({ lifecycle }: Member): boolean => lifecycle.startsWith('ReplacingRootVolume');

export class WantedManagers {
  readonly #lab: Lab;
  readonly #cluster: string;
  #seen: { readonly at: number; readonly wanted: number }[] = [];

  constructor(lab: Lab, cluster: string) {
    this.#lab = lab;
    this.#cluster = cluster;
  }

  look(): void {
    const wanted = this.#now();
    if (this.#seen.at(-1)?.wanted !== wanted) {
      this.#seen.push({ at: this.#lab.clock.now(), wanted });
    }
  }

  /** The fewest that anybody may have read. */
  least(): number {
    this.look();
    const since = this.#lab.clock.now() - REMEMBERED;
    // One that was so before, and until the next one, counts too.
    const from = this.#seen.findLastIndex(({ at }) => at <= since);
    this.#seen = this.#seen.slice(Math.max(0, from));
    return Math.min(...this.#seen.map(({ wanted }) => wanted));
  }

  #now(): number {
    return (
      [...this.#lab.autoScaling.groups.values()]
        .filter(({ tags }) => tags['skep:cluster'] === this.#cluster && tags['skep:role'] === 'manager')
        // One whose root volume is replaced goes, and comes back.
        .reduce((sum, { desired, members }) => sum + desired - [...members.values()].filter(isBeingReplaced).length, 0)
    );
  }
}
