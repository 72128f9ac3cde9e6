// For how long a node that leaves is still asked by those who know its address: until Route 53's servers know of the change, and every
// answer from before has grown old.

/** What is known of the last changes of a name. Times are epoch seconds. */
export interface NameState {
  /** When each of those that left was taken out. */
  readonly gone: Readonly<Record<string, number>>;
  /** The last change, until all servers know it. */
  readonly change: string | undefined;
  readonly changedAt: number | undefined;
  /** When a change was last seen to be known to all servers. */
  readonly syncedAt: number | undefined;
}

/** AWS: usually within 60 s. What takes longer is not waited for. */
const SYNC_PATIENCE = 120;
/** Clocks and resolvers are not exact. */
const MARGIN = 10;
/** How soon it is looked again, seconds. */
const LOOK = 15;

export interface HoldLimits {
  readonly ttl: number;
  /** Nothing is waited for beyond this. */
  readonly until: number;
  readonly now: number;
}

/** @returns seconds after which it is looked again; 0: nobody asks it any more, or it may wait no longer */
export function holdOf(instance: string, state: NameState, { ttl, until, now }: HoldLimits): number {
  const goneAt = state.gone[instance];
  if (goneAt === undefined || now >= until) {
    return 0;
  }
  const synced = syncedFor(goneAt, state, now);
  const wait = synced === undefined ? LOOK : synced + ttl + MARGIN - now;
  return Math.max(0, Math.min(wait, until - now));
}

/** When all servers knew of it; undefined while they may not. */
function syncedFor(goneAt: number, { syncedAt }: NameState, now: number): number | undefined {
  if (syncedAt !== undefined && syncedAt >= goneAt) {
    return syncedAt;
  }
  return now - goneAt >= SYNC_PATIENCE ? goneAt + SYNC_PATIENCE : undefined;
}

/** At most two fifths of the hook's timeout, since nobody beats for it meanwhile, and a third of what is left. */
export const holdUntil = (now: number, deadline: number, hookTimeout: number): number =>
  now + Math.floor(Math.max(0, Math.min(0.4 * hookTimeout, (deadline - now) / 3)));

/** Seconds. An instance that leaves asks for it within the hour that its action may wait for a name: a day is more than enough. */
const REMEMBERED = 86_400;

interface Named {
  /** The instances that have a record now. */
  readonly named: readonly string[];
  readonly leaving: readonly string[];
  /** When the records were last changed. */
  readonly changedAt: number;
  readonly now: number;
}

/** When each instance that leaves was taken out of the name: the first time counts, unless it has come back since. */
export function goneAfter(gone: NameState['gone'], { named, leaving, changedAt, now }: Named): Record<string, number> {
  const isNamed = new Set(named);
  const remembered = Object.entries(gone).filter(([instance, at]) => !isNamed.has(instance) && now - at < REMEMBERED);
  const fresh = leaving.filter((instance) => !isNamed.has(instance)).map((instance) => [instance, changedAt] as const);
  return Object.fromEntries([...fresh, ...remembered]);
}
