// What a sequence should have come to so far, roughly: enough to choose steps that make sense, and no more. It is not compared with anything.

interface Machine {
  readonly number: number;
  alive: boolean;
  up: boolean;
  connected: boolean;
  role: 'worker' | 'manager' | 'none';
  /** It has been a node, perhaps is no longer. */
  known: boolean;
  founder: number;
}

export class Sketch {
  readonly #machines: Machine[] = [];

  // --- What there is

  #numbers(filter: (machine: Machine) => boolean): number[] {
    return this.#machines.filter(filter).map(({ number }) => number);
  }

  /** Machines whose engine answers. */
  get engines(): number[] {
    return this.#numbers(({ alive, up }) => alive && up);
  }

  get touchable(): number[] {
    return this.#numbers(({ alive, up, connected }) => alive && up && connected);
  }

  get killed(): number[] {
    return this.#numbers(({ alive, up }) => alive && !up);
  }

  get cut(): number[] {
    return this.#numbers(({ alive, up, connected }) => alive && up && !connected);
  }

  get down(): number[] {
    return this.#numbers(
      ({ known, alive, up, connected, role }) => known && !(alive && up && connected && role !== 'none'),
    );
  }

  get known(): number[] {
    return this.#numbers(({ known }) => known);
  }

  get members(): number[] {
    return this.#numbers(({ alive, up, role }) => alive && up && role !== 'none');
  }

  get outsiders(): number[] {
    return this.#numbers(({ alive, up, connected, role }) => alive && up && connected && role === 'none');
  }

  get workers(): number[] {
    return this.#numbers(({ role }) => role === 'worker');
  }

  get allManagers(): number[] {
    return this.#numbers(({ role }) => role === 'manager');
  }

  /** Managers that work. */
  get managers(): number[] {
    return this.#numbers(({ alive, up, connected, role }) => alive && up && connected && role === 'manager');
  }

  /** Its managers have a majority. */
  get works(): boolean {
    return this.managers.length * 2 > this.allManagers.length;
  }

  /** Managers that may begin a new cluster of one: no other one lives. With others two swarms of one id would be the outcome. */
  get survivors(): number[] {
    const [survivor, other] = this.#numbers(({ alive, up, role }) => alive && up && role === 'manager');
    const isLonely = survivor !== undefined && other === undefined && this.allManagers.length > 1;
    return isLonely && !this.works ? [survivor] : [];
  }

  /** The number of a machine that has not been launched yet. */
  get fresh(): number {
    return this.#machines.length + 1;
  }

  founderOf(machine: number): number {
    return this.#machine(machine).founder;
  }

  // --- What happens

  launch(number: number, origin?: number): void {
    const { role, founder } = origin === undefined ? { role: 'none' as const, founder: 1 } : this.#machine(origin);
    // A copy of a manager's folder is no second member of the raft.
    const copied = role === 'none' ? 'none' : 'worker';
    this.#machines.push({ number, alive: true, up: true, connected: true, role: copied, known: false, founder });
  }

  joined(machine: number, role: 'worker' | 'manager', founder = 1): void {
    Object.assign(this.#machine(machine), { role, known: true, founder });
  }

  left(machine: number): void {
    this.#machine(machine).role = 'none';
  }

  setRole(machine: number, role: 'worker' | 'manager'): void {
    const { role: now } = this.#machine(machine);
    const left = (those: readonly number[]): number => those.filter((number) => number !== machine).length;
    // Without this manager a majority of the others must work, and the last one stays.
    const isRefused = role === 'worker' && left(this.managers) * 2 <= left(this.allManagers);
    const isDeaf = role === 'manager' && !this.touchable.includes(machine);
    if (this.works && now !== 'none' && !isRefused && !isDeaf) {
      this.#machine(machine).role = role;
    }
  }

  recovered(machine: number): void {
    for (const other of this.allManagers.filter((number) => number !== machine)) {
      this.left(other);
    }
  }

  kill(machine: number): string {
    this.#machine(machine).up = false;
    return `kill ${machine}`;
  }

  start(machine: number): string {
    this.#machine(machine).up = true;
    return `start ${machine}`;
  }

  restart(machine: number): string {
    return `restart ${machine}`;
  }

  die(machine: number): string {
    this.#machine(machine).alive = false;
    return `die ${machine}`;
  }

  pull(machine: number): string {
    this.#machine(machine).connected = false;
    return `cut ${machine}`;
  }

  heal(machine: number): string {
    this.#machine(machine).connected = true;
    return `heal ${machine}`;
  }

  #machine(number: number): Machine {
    const machine = this.#machines[number - 1];
    if (machine === undefined) {
      throw new Error(`the sketch has no machine ${number}`);
    }
    return machine;
  }
}
