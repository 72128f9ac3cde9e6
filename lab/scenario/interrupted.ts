// The error that ends a run where a person presses Ctrl-C.
/** Somebody ended the run: Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export const interrupted = (): Interrupted =>
  new Interrupted('interrupted: the run was not finished; everything that it started is ended');
