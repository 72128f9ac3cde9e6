// One instance's SSM agent as the lab plays it: it registers, runs a few commands at a time, keeps a few more, and refuses the rest. It
// may go away, be started anew by itself or with its machine, and then tells what it still knows.
import type { Clock } from '../../time/clock.ts';
import { failedWithoutOutput } from './agent-result.ts';
import type { Result } from './agent-result.ts';
import type { AgentLimits } from './throttles.ts';

/** One command on its way to the agent, through it, or at its end. */
export interface AgentJob {
  /** Whether it is still to be run: not cancelled, and within its delivery timeout. */
  readonly wanted: () => boolean;
  readonly accepted: () => void;
  /** Never rejects. */
  readonly run: () => Promise<Result>;
  /** How it ended, as soon as the agent can tell. */
  readonly finished: (result: Result) => void;
}

/** The most that was at the agent at any time, for the report. */
export interface AgentPeaks {
  running: number;
  buffered: number;
  /** Offers that it refused with CommandBufferFull. */
  refused: number;
}

/** After its machine was started anew, the agent waits this long for processes of before that cannot answer, ms. */
const LOOKS_FOR_WORKER = 60_000;

export class Agent {
  readonly peaks: AgentPeaks = { running: 0, buffered: 0, refused: 0 };
  /** When it began to register, and when SSM knew it. */
  startedAt: number | undefined;
  registeredAt: number | undefined;
  /** False from when its machine is stopped until it has come up with it again. */
  hasPower = true;
  /** At the service, in the order in which they were sent. */
  readonly #waiting: AgentJob[] = [];
  readonly #buffer: AgentJob[] = [];
  /** What ended while nobody could be told. */
  readonly #unsent: (() => void)[] = [];
  #running = new Set<AgentJob>();
  /** When each processor has done what it was given, epoch milliseconds. */
  readonly #busyUntil: number[] = [];
  /** What its machine was stopped over. */
  readonly #lost: AgentJob[] = [];
  #online = true;
  /** It holds a command for which it has no room, and asks for no other meanwhile. */
  #holding = false;
  /** Forgets that it was to come back by itself. */
  #stayAway = (): void => undefined;

  readonly #clock: Clock;
  readonly #limits: AgentLimits;
  readonly #alive: () => boolean;

  /** @param alive whether its instance runs */
  constructor(clock: Clock, limits: AgentLimits, alive: () => boolean) {
    this.#clock = clock;
    this.#limits = limits;
    this.#alive = alive;
  }

  get online(): boolean {
    return this.#online && this.#alive();
  }

  /** A command is there for it. */
  offer(job: AgentJob): void {
    this.#waiting.push(job);
    this.#pull();
  }

  /** Goes away without a word. What runs goes on; how it ended is told when the agent is back. */
  leave(): void {
    this.#stayAway();
    this.#online = false;
  }

  comeBack(): void {
    this.#stayAway();
    this.#online = true;
    for (const tell of this.#unsent.splice(0)) {
      tell();
    }
    this.#start();
    this.#pull();
  }

  /** Its own process ends and starts (systemd, an update of the agent, snapd). Those that watch over scripts are others, and go on. */
  restart(away: number): void {
    if (this.online) {
      this.leave();
      this.#stayAway = this.#clock.schedule(away, () => {
        this.comeBack();
      });
    }
  }

  /**
   * Its machine is started anew, and every script is gone. What it had begun it does not begin again: it calls it failed, with exit code
   * 0 and without output. What it had only taken, it runs.
   */
  reboot(away: number): void {
    this.poweredOff();
    this.#stayAway = this.#clock.schedule(away, () => {
      this.poweredOn();
    });
  }

  /** Its machine is stopped, and every script with it. */
  poweredOff(): void {
    this.hasPower = false;
    this.#lost.push(...this.#running);
    this.#running = new Set();
    this.leave();
  }

  /** It is up again with its machine, and looks for what it had begun. */
  poweredOn(): void {
    this.hasPower = true;
    this.comeBack();
    const lost = this.#lost.splice(0);
    this.#clock.schedule(LOOKS_FOR_WORKER, () => {
      for (const job of lost) {
        this.#tell(() => {
          job.finished(failedWithoutOutput(0));
        });
      }
    });
  }

  /** How something ended: told now, or when the agent is back. A dead instance tells nothing. */
  #tell(report: () => void): void {
    if (this.online) {
      report();
    } else {
      this.#unsent.push(report);
    }
  }

  /** Takes what is there for it until it has no room. */
  #pull(): void {
    if (!this.online || this.#holding) {
      return;
    }
    for (let job = this.#waiting[0]; job !== undefined; job = this.#waiting[0]) {
      if (!job.wanted()) {
        this.#waiting.shift();
      } else if (this.#accept(job)) {
        this.#waiting.shift();
        job.accepted();
      } else {
        this.#hold();
        return;
      }
    }
  }

  #hold(): void {
    this.peaks.refused += 1;
    this.#holding = true;
    this.#clock.schedule(this.#limits.offerAgain, () => {
      this.#holding = false;
      this.#pull();
    });
  }

  #accept(job: AgentJob): boolean {
    if (this.#buffer.length >= this.#limits.buffer) {
      return false;
    }
    this.#buffer.push(job);
    this.#start();
    this.peaks.buffered = Math.max(this.peaks.buffered, this.#buffer.length);
    return true;
  }

  #start(): void {
    while (this.online && this.#running.size < this.#limits.workers) {
      const job = this.#buffer.shift();
      if (job === undefined) {
        return;
      }
      const running = this.#running;
      running.add(job);
      this.peaks.running = Math.max(this.peaks.running, running.size);
      void this.#spend()
        .then(() => job.run())
        .then((result) => {
          // The end of one that began before the machine was started anew is reported elsewhere.
          if (running === this.#running) {
            running.delete(job);
            this.#tell(() => {
              job.finished(result);
            });
            this.#start();
          }
        });
    }
  }

  /** What a command costs the machine before its script has done anything: one after the other on each processor. */
  async #spend(): Promise<void> {
    const { handOver = 0, cpu = 0, cores = 1 } = this.#limits;
    if (handOver + cpu === 0) {
      return;
    }
    const now = this.#clock.now();
    const from = Math.max(now + handOver, this.#busyUntil.length < cores ? 0 : Math.min(...this.#busyUntil));
    if (this.#busyUntil.length >= cores) {
      this.#busyUntil.splice(this.#busyUntil.indexOf(Math.min(...this.#busyUntil)), 1);
    }
    this.#busyUntil.push(from + cpu);
    await this.#clock.sleep(from + cpu - now);
  }
}
