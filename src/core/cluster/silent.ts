// Instances that wait for skep, and whom nobody can ask: their agents have never come. Most often their network does not reach Systems Manager.

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
  `${instances.join(', ')}: after ${PATIENCE / 60_000} minutes there still is no SSM agent. Does the subnet reach Systems Manager, by a NAT or by endpoints of ssm, ssmmessages and ec2messages? It goes on waiting`;
