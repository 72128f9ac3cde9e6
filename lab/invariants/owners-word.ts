// What the owner of a service has said last, and what the service is: hand-overs change it for a while, and leave nothing of that.
import type { SwarmTruth } from '../nodes/machines.ts';
import { MARK_LABEL } from '../../src/core/labels.ts';

interface Spec {
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly task: { readonly placement: { readonly constraints: readonly string[] } };
  readonly update: { readonly failureAction: string };
}

type Service = SwarmTruth['services'][number];

export class OwnersWord {
  readonly #said = new Map<string, string>();

  /** Somebody has just typed something about services. */
  said({ services }: SwarmTruth): void {
    this.#said.clear();
    for (const service of services) {
      this.#said.set(service.name, ownersPart(service));
    }
  }

  clear(): void {
    this.#said.clear();
  }

  problems({ services }: SwarmTruth): string[] {
    return services.flatMap((service) => {
      const said = this.#said.get(service.name);
      const is = ownersPart(service);
      return said === undefined || said === is || rollsBack(service)
        ? []
        : [`service ${service.name} is ${differing(is, said)}, and its owner has said ${differing(said, is)}`];
    });
  }
}

const specOf = ({ text }: Service): Spec => JSON.parse(text()) as Spec;

/** The engine may have taken the last update back by itself. */
const rollsBack = (service: Service): boolean => specOf(service).update.failureAction === 'rollback';

/** Without what a hand-over has added for its time. */
function ownersPart(service: Service): string {
  const spec = specOf(service);
  const { [MARK_LABEL]: mark = '', ...labels } = spec.labels;
  const [kind, , before] = mark.split('@');
  const isOneMore = kind === 'more' && spec.replicas === Number(before) + 1;
  const { placement } = spec.task;
  const constraints = placement.constraints.filter((one) => !one.startsWith('node.id!='));
  const task = { ...spec.task, placement: { ...placement, constraints } };
  return JSON.stringify({ ...spec, labels, replicas: isOneMore ? spec.replicas - 1 : spec.replicas, task });
}

/** From where it is another text than the other one. */
function differing(text: string, other: string): string {
  let from = 0;
  while (from < text.length && text[from] === other[from]) from += 1;
  return text.slice(Math.max(0, from - 20), from + 40);
}
