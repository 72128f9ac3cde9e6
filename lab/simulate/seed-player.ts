// Plays seeds for the process that has started this one, one after the other, for as long as it is there.
import { stackOf } from '../scenario/parts.ts';
import { worldOf } from './clusters/world.ts';
import { showSeed } from './one-seed.ts';
import { spentSince } from './players.ts';
import type { Answered, Asked } from './players.ts';

process.on('message', (message: unknown) => {
  void answer(message as Asked);
});
process.on('disconnect', () => {
  process.exit();
});
// Ctrl-C reaches all processes of a terminal. What is to be done about it is said by the one that was called.
process.on('SIGINT', () => undefined);

/** What throws here is no seed's: it ends the process, and is seen above the message that it has ended. */
async function answer({ seed, settings }: Asked): Promise<void> {
  const shown = await showSeed(seed, worldOf(await stackOf('dev')), settings);
  const answered: Answered = { shown, spent: spentSince() };
  process.send?.(answered);
}
