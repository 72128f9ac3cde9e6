// Names in DNS, as a scenario sees them: zones and records by somebody's hand, and one who resolves a name all the time.
import { seededRandom } from '../time/random.ts';
import { asName } from '../aws/services/route53.ts';
import { member } from './disturbances.ts';
import type { ResolvedName } from './name-facts.ts';
import type { ScenarioRun } from './run.ts';
import type { PlainStep } from './schema.ts';
import { GROUP_LABEL, INSTANCE_LABEL } from '../../src/core/labels.ts';

type Part<Kind extends string> = Extract<PlainStep, Readonly<Record<Kind, unknown>>>;
export type DnsStep = Part<'zone'> | Part<'records'> | Part<'resolve'>;
type WrittenRecord = Part<'records'>['records']['put'][number];

const EVERY = 1000;
/** As many answers of a name as Route 53 gives at once. */
const MOST_ANSWERS = 8;
const TTL_OF_HANDS = 60;

export function makeNames(run: ScenarioRun, step: DnsStep): void {
  const { lab } = run;
  if ('zone' in step) {
    const { id, name, inSyncAfter, records, ofAnother } = step.zone;
    run.say(`there is a hosted zone ${id} of ${name}${ofAnother ? ', in another account' : ''}`);
    if (ofAnother) {
      lab.route53.ofOthers.add(id);
      return;
    }
    lab.route53.open(id, name);
    lab.route53.inSyncAfter = inSyncAfter ?? lab.route53.inSyncAfter;
    write(run, id, records);
  } else if ('records' in step) {
    const { zone, put, remove } = step.records;
    run.say(`records of ${zone} are changed by hand`);
    lab.route53.remove(zone, ({ name }) => remove !== undefined && name === asName(remove));
    write(run, zone, put);
  } else {
    run.say(`somebody resolves ${step.resolve.name} from now on`);
    new NameWatch(run, step.resolve.name).start();
  }
}

function write(run: ScenarioRun, zone: string, records: readonly WrittenRecord[]): void {
  for (const { name, type, setId, value } of records) {
    run.lab.route53.put(zone, {
      ...{ name: asName(name), type, ttl: TTL_OF_HANDS, values: [value] },
      setId: setId?.startsWith('$') === true ? member(run, setId.slice(1)).instanceId : setId,
      multi: setId !== undefined,
    });
  }
}

/** Looks once a second. */
class NameWatch {
  readonly #run: ScenarioRun;
  readonly #name: string;
  readonly #random = seededRandom(1);
  #cached: { readonly address: string; readonly until: number } | undefined;

  constructor(run: ScenarioRun, name: string) {
    this.#run = run;
    this.#name = name;
    run.resolved.set(name, { wrong: 0, unknown: 0, called: 0, failed: 0 });
  }

  start(): void {
    const { clock } = this.#run.lab;
    clock.schedule(EVERY, () => {
      void clock.busy(this.#look());
      this.start();
    });
  }

  async #look(): Promise<void> {
    const { lab, scenario } = this.#run;
    const seen = this.#run.resolved.get(this.#name);
    const view = await lab.view(scenario.cluster);
    if (seen === undefined || view === undefined) {
      return;
    }
    const answers = lab.route53.answered(this.#name);
    const ready = new Map(
      view.nodes
        // A new leader says Unknown of all nodes, for the seconds until they have come to it: they are what they were.
        .filter(({ status }) => status === 'ready' || status === 'unknown')
        .flatMap((node) => {
          const address = lab.ec2.instances.get(node.labels[INSTANCE_LABEL] ?? '')?.privateIp;
          return address === undefined ? [] : [[address, node] as const];
        }),
    );
    seen.wrong += answers.some(({ address }) => !ready.has(address)) ? 1 : 0;
    this.#call(seen, new Set(ready.keys()));
    this.#wasNamed ||= answers.length > 0;
    const named = [...ready.values()].filter(
      ({ availability, labels }) => availability === 'active' && this.#isOfName(labels[GROUP_LABEL]),
    );
    seen.unknown += this.#wasNamed && answers.length === 0 && named.length > 0 ? 1 : 0;
  }

  /** Before the first node was named nobody could know it. */
  #wasNamed = false;

  #isOfName(group = ''): boolean {
    return this.#run.lab.autoScaling.groups.get(group)?.tags['skep:dns-zone'] !== undefined;
  }

  #call(seen: ResolvedName, answering: ReadonlySet<string>): void {
    const now = this.#run.lab.clock.now();
    if (this.#cached === undefined || now >= this.#cached.until) {
      const answers = this.#run.lab.route53.answered(this.#name).slice(0, MOST_ANSWERS);
      const chosen = answers[Math.floor(this.#random.next() * answers.length)];
      this.#cached = chosen === undefined ? undefined : { address: chosen.address, until: now + chosen.ttl * 1000 };
    }
    if (this.#cached !== undefined) {
      seen.called += 1;
      seen.failed += answering.has(this.#cached.address) ? 0 : 1;
    }
  }
}
