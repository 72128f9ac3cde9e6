// The variables of a machine (Assign). Inner machines read the outer ones, and never write them.

export class Variables {
  readonly #outer: Variables | undefined;
  #values: Readonly<Record<string, unknown>> = {};

  constructor(outer?: Variables) {
    this.#outer = outer;
  }

  /** As an expression sees them now. A later assignment does not change what was handed out. */
  all(): Readonly<Record<string, unknown>> {
    return { ...this.#outer?.all(), ...this.#values };
  }

  assign(values: Readonly<Record<string, unknown>>): void {
    this.#values = { ...this.#values, ...values };
  }
}
