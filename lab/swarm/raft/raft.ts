// The managers of a swarm as members of raft: who leads, whether there is a quorum, and what a manager answers while there is none.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { DockerError } from '../docker-cli/error.ts';
import { reaches } from '../engine/network.ts';
import type { Host } from '../engine/network.ts';

/** A leader without its majority leads on, for readers, and followers believe in one that is gone. Ten ticks of a second. */
const NOTICE_TIME = 11_000;
/** Real elections were over 11 to 15 s after the leader's end. */
const ELECTION_SPREAD = 4000;
/** Ten more ticks without a leader, and a manager no longer waits for one before it answers. */
const LOST_AFTER = 21_000;
/** The engine's own patience with the managers. */
const REQUEST_TIME = 20_000;
/** A manager that was cut for longer than this stood for election by itself meanwhile, and its term is ahead of the leader's. */
const CAMPAIGN_AFTER = 15_000;
/** When it is back the leader is deposed by that, once the two are connected again: seen 1 to 27 s after the cable was put back. */
const DEPOSED_AFTER = { least: 1000, spread: 26_000 };
const ELECTION_AFTER_DEPOSITION = 20_000;
/** Until the leader shows a member that is silent as unreachable. One that refuses connections it shows at once. */
const SILENT_TIME = 2000;

const NO_LEADER =
  "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. " +
  'Make sure more than half of the managers are online.';
const DEADLINE = 'rpc error: code = DeadlineExceeded desc = context deadline exceeded';
const LOST_LEADERSHIP = 'rpc error: code = Unknown desc = raft: failed to process the request: node lost leader status';

interface Member {
  readonly nodeId: string;
  /** The engine that runs it; none where that left by force. */
  host: Host | undefined;
  /** Where the others dial it, also when it is gone. */
  address: string | undefined;
  /** Since when it is out of touch with the leader, epoch milliseconds. */
  lostAt: number | undefined;
  /** Its engine ran on while it was out of touch. */
  lostOnline: boolean;
  /** Back, and not in touch before there has been another election. */
  campaigning: boolean;
}

export class Raft {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #members = new Map<string, Member>();
  /** Were removed and have not heard of it: since when each is out of touch. They seek a leader among the members that they knew. */
  readonly #unaware = new Map<Host, number>();
  readonly #onLeader: (lostAt: number) => void;
  #leaderLostAt = 0;
  #leader: Member | undefined;
  /** Led when the majority was lost, and does not know yet. */
  #former: { readonly member: Member; readonly until: number } | undefined;
  #cancelElection: (() => void) | undefined;
  #stalledUntil = 0;
  readonly #waiters = new Set<() => void>();

  /** @param onLeader called when another leader has begun, with the time when the last one was lost */
  constructor(clock: Clock, random: Random, onLeader: (lostAt: number) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#onLeader = onLeader;
  }

  get size(): number {
    return this.#members.size;
  }

  get leaderId(): string | undefined {
    return this.#leader?.nodeId;
  }

  get nodeIds(): string[] {
    return [...this.#members.keys()];
  }

  has(nodeId: string): boolean {
    return this.#members.has(nodeId);
  }

  /** Whether it runs a member. */
  isManager(host: Host): boolean {
    return host.online && [...this.#members.values()].some((member) => member.host === host);
  }

  /** Whether there is a leader, and this host in touch with it. */
  reachesLeader(host: Host): boolean {
    return this.#isInTouch(host);
  }

  hostOf(nodeId: string): Host | undefined {
    return this.#members.get(nodeId)?.host;
  }

  /** As it advertised it, which is not where a copy of it is. */
  addressOf(nodeId: string): string | undefined {
    return this.#members.get(nodeId)?.host?.address;
  }

  // --- Members

  add(nodeId: string, host: Host | undefined): void {
    const address = host?.address;
    this.#members.set(nodeId, { nodeId, host, address, lostAt: undefined, lostOnline: false, campaigning: false });
    this.check();
  }

  remove(nodeId: string): void {
    if (this.#leader?.nodeId === nodeId) {
      this.#handOver(nodeId);
    }
    const { host, lostAt } = this.#members.get(nodeId) ?? {};
    this.#members.delete(nodeId);
    this.check();
    if (host?.online === true && !this.isHeardBy(host)) {
      this.#unaware.set(host, lostAt ?? this.#clock.now());
    }
  }

  /** Whether it does not know yet that it is no member any more. */
  isUnaware(host: Host): boolean {
    return this.#unaware.has(host);
  }

  becomesAware(host: Host): void {
    this.#unaware.delete(host);
  }

  /** Whether what the leader says gets there. */
  isHeardBy(host: Host): boolean {
    const leader = this.#leader?.host;
    return leader !== undefined && reaches(host, leader);
  }

  /** An engine takes up its place, or gives it up without a word to the others. */
  bind(nodeId: string, host: Host | undefined): void {
    const member = this.#members.get(nodeId);
    if (member !== undefined) {
      member.host = host;
      member.address = host?.address ?? member.address;
      // A process that has just begun believes in no leader.
      member.lostAt = this.#clock.now() - NOTICE_TIME;
      member.lostOnline = false;
      this.check();
    }
  }

  /** All members but one are forgotten, which those do not hear of. */
  reset(nodeId: string, host: Host): void {
    for (const { host: other } of this.#members.values()) {
      if (other !== undefined && other !== host) {
        this.#unaware.set(other, this.#clock.now());
      }
    }
    this.#members.clear();
    this.#former = undefined;
    this.add(nodeId, host);
  }

  /** SwarmKit's rule: those that the leader reaches without this one must be a quorum of what is left. */
  canRemove(nodeId: string): boolean {
    const others = [...this.#members.values()].filter((member) => member.nodeId !== nodeId);
    return others.filter((member) => this.#shownReachable(member)).length >= Math.floor(others.length / 2) + 1;
  }

  /** Nothing is answered while the leader waits for a quorum that a new member has changed. */
  stall(ms: number): void {
    this.#stalledUntil = this.#clock.now() + ms;
  }

  // --- Looking

  /** As the leader tells it, or a former one that does not know. */
  reachability(nodeId: string, viewer: Host): 'leader' | 'reachable' | 'unreachable' | undefined {
    const member = this.#members.get(nodeId);
    if (member === undefined) {
      return undefined;
    }
    if (this.#believesToLead(viewer)) {
      return member === this.#former?.member ? 'leader' : 'unreachable';
    }
    if (member === this.#leader) {
      return 'leader';
    }
    return this.#shownReachable(member) ? 'reachable' : 'unreachable';
  }

  canRead(host: Host): boolean {
    return this.#isInTouch(host) || this.#believesToLead(host);
  }

  /**
   * Resolves when the leader has answered a request to this manager.
   *
   * @throws DockerError as the engine says it, after the time that it takes to say it
   */
  async access(host: Host, kind: 'read' | 'write'): Promise<void> {
    if (this.#believesToLead(host)) {
      await this.#askFormer(host, kind);
    } else if (!this.#isInTouch(host)) {
      await this.#askNobody(host);
    }
    if (this.#stalledUntil > this.#clock.now()) {
      await this.#clock.sleep(this.#stalledUntil - this.#clock.now());
    }
  }

  /** Whether there was one to be in touch with, so soon. */
  findsLeader(host: Host, ms: number): Promise<boolean> {
    return this.#wait(() => this.#isInTouch(host), ms);
  }

  async #askFormer(host: Host, kind: 'read' | 'write'): Promise<void> {
    if (kind === 'read') {
      return;
    }
    await this.#wait(() => this.#isInTouch(host) || !this.#believesToLead(host), NOTICE_TIME + 1);
    if (!this.#isInTouch(host)) {
      throw new DockerError(LOST_LEADERSHIP);
    }
  }

  async #askNobody(host: Host): Promise<void> {
    const member = [...this.#members.values()].find((one) => one.host === host);
    const lostAt = this.#unaware.get(host) ?? member?.lostAt ?? this.#clock.now();
    if (this.#clock.now() - lostAt >= LOST_AFTER) {
      throw new DockerError(NO_LEADER);
    }
    // While it believes in a leader that is gone it waits for that one's answer, even when there is another one soon.
    const believes = this.#clock.now() - lostAt < NOTICE_TIME;
    const answered = await this.#wait(() => !believes && this.#isInTouch(host), REQUEST_TIME);
    if (!answered && !(believes && this.#leader?.host === host)) {
      throw new DockerError(DEADLINE);
    }
  }

  // --- Leaders

  /** To be called when a host has come, gone, or changed its cable. */
  check(): void {
    const majority = this.#majority();
    if (this.#leader !== undefined && !majority.includes(this.#leader)) {
      this.#lose(this.#leader);
    }
    if (this.#leader === undefined) {
      this.#seekLeader(majority);
    }
    for (const member of this.#members.values()) {
      this.#checkTouch(member);
    }
    this.#wake();
  }

  #checkTouch(member: Member): void {
    if (member.host === undefined || !this.#isInTouch(member.host)) {
      const ran = member.host?.online === true;
      member.lostOnline = member.lostAt === undefined ? ran : member.lostOnline && ran;
      member.lostAt ??= this.#clock.now();
    } else if (this.#isAhead(member)) {
      member.campaigning = true;
      this.#clock.schedule(DEPOSED_AFTER.least + this.#random.next() * DEPOSED_AFTER.spread, () => {
        this.#depose(member);
      });
    } else {
      member.lostAt = undefined;
    }
  }

  #isAhead(member: Member): boolean {
    const { lostAt, lostOnline } = member;
    return member !== this.#leader && lostOnline && this.#clock.now() - (lostAt ?? Infinity) >= CAMPAIGN_AFTER;
  }

  #depose(by: Member): void {
    if (!by.campaigning || this.#leader === undefined || by.host?.silent !== false) {
      return;
    }
    this.#leader = undefined;
    this.#leaderLostAt = this.#clock.now();
    this.#plan(ELECTION_AFTER_DEPOSITION);
    for (const member of this.#members.values()) {
      // Nobody believes in a leader that was deposed.
      member.lostAt = this.#clock.now() - NOTICE_TIME;
    }
    this.check();
  }

  #lose(leader: Member): void {
    this.#leader = undefined;
    this.#leaderLostAt = this.#clock.now();
    const former = { member: leader, until: this.#clock.now() + NOTICE_TIME };
    if (leader.host?.online === true) {
      this.#former = former;
      this.#clock.schedule(NOTICE_TIME, () => {
        this.#former = this.#former === former ? undefined : this.#former;
        this.#wake();
      });
    }
  }

  #seekLeader(majority: readonly Member[]): void {
    const former = this.#former?.member;
    if (majority.length === 0) {
      this.#cancelElection?.();
      this.#cancelElection = undefined;
    } else if (this.#members.size === 1 || (former !== undefined && majority.includes(former))) {
      this.#lead(former ?? majority[0]);
    } else {
      this.#plan(NOTICE_TIME);
    }
  }

  #plan(delay: number): void {
    this.#cancelElection ??= this.#clock.schedule(delay + this.#random.next() * ELECTION_SPREAD, () => {
      // One that was cut off has missed what the others agreed on.
      const candidates = this.#majority().filter(({ campaigning }) => !campaigning);
      this.#lead(candidates[Math.floor(this.#random.next() * candidates.length)]);
      this.check();
    });
  }

  #lead(member: Member | undefined): void {
    const goesOn = member !== undefined && member === this.#former?.member;
    this.#cancelElection?.();
    this.#cancelElection = undefined;
    this.#former = undefined;
    this.#leader = member;
    for (const other of goesOn ? [] : this.#members.values()) {
      other.campaigning = false;
      other.lostOnline = false;
    }
    if (!goesOn) {
      this.#onLeader(this.#leaderLostAt);
    }
  }

  /** A leader that is to go hands over first, to one that it reaches. */
  #handOver(nodeId: string): void {
    this.#lead(this.#majority().find((member) => member.nodeId !== nodeId));
  }

  /** Members that together are enough; none where there are not enough. */
  #majority(): Member[] {
    const online = [...this.#members.values()].filter(({ host }) => host?.online === true);
    const together = this.#members.size === 1 ? online : online.filter(({ host }) => host?.silent === false);
    return together.length >= Math.floor(this.#members.size / 2) + 1 ? together : [];
  }

  #isInTouch(host: Host): boolean {
    return this.isHeardBy(host) && !this.#unaware.has(host) && !this.#isCampaigning(host);
  }

  #isCampaigning(host: Host): boolean {
    return [...this.#members.values()].some((member) => member.host === host && member.campaigning);
  }

  #believesToLead(host: Host): boolean {
    return this.#former !== undefined && this.#former.member.host === host && this.#former.until > this.#clock.now();
  }

  #shownReachable(member: Member): boolean {
    const { host, address, lostAt } = member;
    if (lostAt === undefined || (host?.silent === true && this.#clock.now() - lostAt < SILENT_TIME)) {
      return true;
    }
    // What is sent to one that left by force is taken by whoever joined again at its address, without a look at whom it is for.
    const isThere = (other: Member): boolean => other.lostAt === undefined && other.host?.address === address;
    return host === undefined && [...this.#members.values()].some(isThere);
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) {
      waiter();
    }
  }

  /** @returns whether it came so far within the time */
  #wait(holds: () => boolean, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (held: boolean): void => {
        cancel();
        this.#waiters.delete(look);
        resolve(held);
      };
      const look = (): void => {
        if (holds()) {
          settle(true);
        }
      };
      const cancel = this.#clock.schedule(ms, () => {
        settle(holds());
      });
      this.#waiters.add(look);
      look();
    });
  }
}
