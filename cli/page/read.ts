// Reads the page's sources, each as often as it may be asked, and keeps the last answer of one that fails. Nothing of Step Functions is
// listed or described: DescribeExecution is 15 calls a second for a whole account, and skep's table knows what executions are at.
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

import { groupsOfCluster } from '../../src/aws/auto-scaling.ts';
import type { Group } from '../../src/aws/auto-scaling.ts';
import { autoScalingClient, tableClient } from '../../src/aws/clients.ts';
import { ec2Client } from '../../src/aws/ec2-client.ts';
import { instanceStates } from '../../src/aws/ec2.ts';
import { ownGroups, refusedGroups, withPools } from '../../src/operations/groups.ts';
import { readNodeStories } from '../../src/store/node-story.ts';
import { Refusals } from '../../src/store/refusals.ts';
import { Table } from '../../src/store/table.ts';
import { Verdicts } from '../../src/store/verdicts.ts';
import type { VerdictItems } from '../../src/store/verdicts.ts';
import { cleaned } from '../../src/core/clean-text.ts';
import type { Pooled } from '../../src/core/tidy/warm-pool.ts';
import { statusOf } from '../../src/core/verdict/status.ts';
import type { StatusGroups, Status } from '../../src/core/verdict/status.ts';
import { problemOf } from '../aws-problems.ts';
import { timeOf } from '../look.ts';
import { GONE } from './facts.ts';
import type { PageFacts, PageNode, SeenSwarm, Source } from './facts.ts';

/** Each with the time of the answer, and whether it is time to ask again. */
class CachedReading<T> {
  readonly name: string;
  readonly #every: number;
  readonly #ask: () => Promise<T>;
  value: T;
  #at: number | null = null;
  #problem: string | null = null;
  #next = 0;

  constructor(name: string, every: number, first: T, ask: () => Promise<T>) {
    this.name = name;
    this.#every = every;
    this.#ask = ask;
    this.value = first;
  }

  async look(now: () => number): Promise<void> {
    const began = performance.now();
    if (began < this.#next) {
      return;
    }
    this.#next = began + this.#every;
    try {
      this.value = await this.#ask();
      this.#at = now();
      this.#problem = null;
    } catch (error) {
      // What was seen last stays, and shows its age.
      this.#problem = problemOf(error);
    }
  }

  get source(): Source {
    return { name: this.name, at: this.#at, problem: this.#problem };
  }
}

interface Stored {
  readonly known: readonly PageNode[];
  readonly around: VerdictItems | undefined;
  readonly managers: readonly string[];
}

export interface ReaderOptions {
  readonly cluster: string;
  readonly stage: string;
  readonly where: string;
  /** Asks the swarm; undefined where nobody can without a command to a manager. */
  readonly swarm: (() => Promise<SeenSwarm | undefined>) | undefined;
  /** The shortest time between two looks at one source, ms. */
  readonly every: number;
}

export class PageReader {
  readonly #options: ReaderOptions;
  readonly #client: DynamoDBDocumentClient = tableClient();
  readonly #autoScaling: AutoScalingClient = autoScalingClient();
  readonly #ec2: EC2Client = ec2Client();
  readonly #clock: () => number;
  readonly #table: string;
  readonly #groups: CachedReading<readonly (Group & Pooled)[]>;
  readonly #stored: CachedReading<Stored>;
  readonly #states: CachedReading<ReadonlyMap<string, string>>;
  readonly #hooks: CachedReading<StatusGroups | undefined>;
  readonly #swarm: CachedReading<SeenSwarm | undefined> | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    const { swarm, every, stage } = options;
    this.#table = `skep-${stage}`;
    this.#clock = timeOf(this.#client);
    this.#groups = new CachedReading('Auto Scaling', every, [], () => this.#readGroups());
    this.#stored = new CachedReading('table', every, { known: [], around: undefined, managers: [] }, () =>
      this.#readTable(),
    );
    this.#states = new CachedReading<ReadonlyMap<string, string>>('EC2', every * 3, new Map(), () =>
      this.#readStates(),
    );
    this.#hooks = new CachedReading('hooks', every * 10, undefined, () => this.#readHooks());
    this.#swarm = swarm === undefined ? undefined : new CachedReading('swarm', every, undefined, swarm);
  }

  async look(): Promise<PageFacts> {
    const { cluster, stage, where } = this.#options;
    const clock = this.#clock;
    // The table says of whom to ask whether they are in a warm pool.
    const groups = this.#stored.look(clock).then(() => this.#groups.look(clock));
    await Promise.all([groups, this.#swarm?.look(clock)]);
    await Promise.all([this.#states.look(clock), this.#hooks.look(clock)]);
    const { known, managers } = this.#stored.value;
    const sources = [this.#groups, this.#stored, this.#states, this.#hooks, ...(this.#swarm ? [this.#swarm] : [])];
    const facts: Omit<PageFacts, 'states'> = {
      ...{ cluster, stage, where, managers },
      now: clock(),
      status: this.#status(),
      // Of another stage's there may be some with the same tag: their hooks say whose they are.
      groups: this.#ownGroups(),
      known,
      swarm: this.#swarm?.value,
      sources: [...sources.map(({ source }) => source), this.#tidySource()],
    };
    // Names, causes and labels in it are others'.
    return { ...(cleaned(facts) as typeof facts), states: this.#states.value };
  }

  async #readGroups(): Promise<readonly (Group & Pooled)[]> {
    const listed = await groupsOfCluster(this.#autoScaling, this.#options.cluster);
    const nodes = this.#stored.value.known.filter(({ phase }) => phase !== 'gone');
    return withPools(this.#autoScaling, listed, nodes);
  }

  #ownGroups(): readonly (Group & Pooled)[] {
    const own = this.#hooks.value?.own.map(({ name }) => name);
    return own === undefined ? this.#groups.value : this.#groups.value.filter(({ name }) => own.includes(name));
  }

  async #readTable(): Promise<Stored> {
    const { cluster } = this.#options;
    const [known, around, { record }] = await Promise.all([
      readNodeStories(this.#client, this.#table, cluster),
      new Verdicts(this.#client, this.#table).readAround(cluster),
      new Table(this.#client, this.#table).readLeader(cluster),
    ]);
    return { known, around, managers: (record?.managers ?? []).map(({ instance }) => instance) };
  }

  #readStates(): Promise<ReadonlyMap<string, string>> {
    const ids = [
      ...this.#groups.value.flatMap(({ instances }) => instances.map(({ instance }) => instance)),
      ...this.#stored.value.known.filter(({ phase }) => phase !== 'gone').map(({ instance }) => instance),
      ...this.#stored.value.managers,
    ];
    return ids.length === 0 ? Promise.resolve(new Map<string, string>()) : instanceStates(this.#ec2, [...new Set(ids)]);
  }

  async #readHooks(): Promise<StatusGroups> {
    const { cluster, stage } = this.#options;
    const tagged = await groupsOfCluster(this.#autoScaling, cluster);
    const refused = await new Refusals(this.#client, this.#table).ofCluster(cluster);
    return {
      stage,
      own: await ownGroups(this.#autoScaling, stage, tagged),
      refused: await refusedGroups(this.#autoScaling, tagged, refused),
    };
  }

  #status(): Status | undefined {
    const { around, managers, known } = this.#stored.value;
    if (around === undefined) {
      return undefined;
    }
    const { kept, forced, failed, hold, state } = around;
    const gone = managers.filter((one) => GONE.has(this.#states.value.get(one) ?? ''));
    return statusOf(this.#options.cluster, kept.verdict, this.#clock(), {
      ...{ forced, lastFailure: failed, hold, state },
      managers: managers.length === 0 ? undefined : { known: managers, gone },
      groups: this.#lookedGroups(),
      recorded: known,
    });
  }

  /** Hooks are asked for less often than who is in the groups. */
  #lookedGroups(): StatusGroups | undefined {
    const hooks = this.#hooks.value;
    const now = new Map(this.#groups.value.map(({ name, instances }) => [name, instances]));
    return hooks === undefined
      ? undefined
      : { ...hooks, own: hooks.own.map((one) => ({ ...one, instances: now.get(one.name) ?? one.instances })) };
  }

  #tidySource(): Source {
    return { name: 'last tidy', at: this.#stored.value.around?.kept.verdict?.asOf ?? null, problem: null };
  }
}
