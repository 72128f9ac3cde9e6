// Instances with an agent each, and a document that takes its time: for tests of commands.
import { Clock } from '../../../../lab/time/clock.ts';
import type { DocumentOutcome, DocumentRun, Machines } from '../../../../lab/nodes/machines.ts';
import { seededRandom } from '../../../../lab/time/random.ts';
import type { FaultOutcome } from '../../../../lab/aws/services/command-fault.ts';
import type { SsmDocument } from '../../../../lab/aws/services/document.ts';
import { Ec2 } from '../../../../lab/aws/services/ec2.ts';
import { AGENT_LIMITS, Throttles } from '../../../../lab/aws/services/throttles.ts';
import type { AgentLimits, Limits } from '../../../../lab/aws/services/throttles.ts';
import { RunCommand } from '../../../../lab/aws/services/run-command.ts';

const anything = { type: 'String', allowedPattern: '.*' } as const;
export const WORK: SsmDocument = {
  name: 'skep-dev-work',
  verb: 'work',
  script: 'work',
  parameters: { executionTimeout: { ...anything, default: '60' } },
};

export interface Setting {
  /** How long a script runs, ms. */
  readonly takes?: number;
  readonly limits?: Limits;
  readonly agent?: Partial<AgentLimits>;
  /** What scripts come to. */
  readonly outcome?: Partial<DocumentOutcome>;
  readonly document?: SsmDocument;
}

/** Instances with an agent each, and a document that takes its time. */
export async function scene({ takes = 1000, limits = {}, agent = {}, outcome = {}, document = WORK }: Setting = {}) {
  const clock = new Clock({ virtual: true, start: 0 });
  const random = seededRandom(1);
  const ran: string[] = [];
  const nothing = (): Promise<void> => Promise.resolve();
  const machines = {
    kind: 'simulated',
    terminate: nothing,
    launch: () => Promise.resolve({ privateIp: '10.0.0.1' }),
    reboot: nothing,
    run: async (instanceId: string, { cancelled }: DocumentRun): Promise<DocumentOutcome> => {
      ran.push(instanceId);
      const killed = new Promise((resolve) => {
        cancelled?.addEventListener('abort', resolve);
      });
      await Promise.race([clock.sleep(takes), killed]);
      const isCancelled = cancelled?.aborted === true;
      return { ...{ exitCode: 0, stdout: 'said\n', stderr: '', timedOut: false, ...outcome }, cancelled: isCancelled };
    },
  } as unknown as Machines;
  const ec2 = new Ec2({ clock, random, machines, onDefect: () => undefined });
  const events: string[] = [];
  const service = new RunCommand({
    clock,
    random,
    ec2,
    machines,
    documents: [document],
    deliveryLatency: 0,
    throttles: new Throttles(clock, limits),
    agentLimits: { ...AGENT_LIMITS, ...agent },
    onDefect: (error) => {
      throw error;
    },
    emit: ({ detail }) => events.push(String(detail['status'])),
  });
  const launch = (): string => ec2.run({ zone: 'a', tags: {}, dockerAfter: 0 }).instanceId;
  const send = (instance: string, delivery = 600): string => {
    const input = { InstanceIds: [instance], DocumentName: WORK.name, TimeoutSeconds: delivery };
    return (service.operations.SendCommand(input) as { Command: { CommandId: string } }).Command.CommandId;
  };
  const seen = (id: string): Record<string, unknown> =>
    service.operations.GetCommandInvocation({ CommandId: id, InstanceId: instance }) as Record<string, unknown>;
  const fault = (one: FaultOutcome, times = 1): void => {
    service.faults.push({ verb: WORK.verb, outcome: one, times });
  };
  const statusOf = (instance: string, id: string): string => {
    const input = { CommandId: id, InstanceId: instance };
    return (service.operations.GetCommandInvocation(input) as { StatusDetails: string }).StatusDetails;
  };
  const counts = (instance: string, ids: readonly string[]): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const id of ids) {
      const status = statusOf(instance, id);
      found[status] = (found[status] ?? 0) + 1;
    }
    return found;
  };
  const instance = launch();
  await clock.advance(0);
  service.register(instance);
  await clock.advance(0);
  return { clock, ec2, service, events, ran, instance, launch, send, seen, fault, statusOf, counts };
}

export const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
