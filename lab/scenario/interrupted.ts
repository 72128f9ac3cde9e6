/** Somebody ended the run: Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export const interrupted = (): Interrupted =>
  new Interrupted('interrupted: the run was not finished; everything that it started is ended');
