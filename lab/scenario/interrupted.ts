/** Somebody ended the run: Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
