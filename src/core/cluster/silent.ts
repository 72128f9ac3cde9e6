// Instances that wait for skep and whose SSM agents have never registered, so that nobody can ask them anything. Most often their network does not reach
// Systems Manager.
import { AGENT_SERVICES_TEXT } from '../agent-services.ts';
import { oneLine } from '../clean-text.ts';

/** An agent comes a minute or two after its instance; what cloud-init installs takes a few more. Ms. */
const PATIENCE = 480_000;

/** Since when each instance waits, ms. */
export type Waiting = ReadonlyMap<string, number>;

/** Those that go on waiting keep their time. */
export const stillWaiting = (before: Waiting, waiting: readonly string[], now: number): Waiting =>
  new Map(waiting.map((instance) => [instance, before.get(instance) ?? now]));

export const longWaiting = (waiting: Waiting, now: number): string[] =>
  [...waiting].filter(([, since]) => now - since >= PATIENCE).map(([instance]) => instance);

export const silentWords = (instances: readonly string[]): string =>
  `${instances.join(', ')}: after ${PATIENCE / 60_000} minutes there still is no SSM agent. Does the subnet reach Systems Manager, by a NAT or by endpoints of ${AGENT_SERVICES_TEXT}? The command goes on waiting`;

/** A launch that AWS has refused, as its group tells of it. */
export interface RefusedLaunch {
  /** Of the scaling activity. */
  readonly id: string;
  readonly group: string;
  readonly because: string;
}

/**
 * Each reason once: a group tries again every few minutes, with the same words.
 *
 * @param old activities that were there before anybody waited: what they say may be over
 */
export const newRefusals = (
  { told, old }: { readonly told: ReadonlySet<string>; readonly old: ReadonlySet<string> },
  found: readonly RefusedLaunch[],
): string[] => [
  ...new Set(
    found
      .filter(({ id }) => !old.has(id))
      .map(({ group, because }) => `${group}: AWS launches no instance: ${oneLine(because)} It goes on trying`)
      .filter((line) => !told.has(line)),
  ),
];
