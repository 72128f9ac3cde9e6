// SSM Run Command as the lab plays it: agents that register late, run five commands at a time, and die with their instance.
import { z } from 'zod';

import type { Clock } from '../clock.ts';
import type { DocumentOutcome, Machines } from '../nodes/machines.ts';
import type { Random } from '../random.ts';
import { renderScript } from './document.ts';
import type { SsmDocument } from './document.ts';
import type { Ec2 } from './ec2.ts';
import { AwsError } from './service.ts';
import type { Service } from './service.ts';

type Status = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';

interface Invocation {
  readonly commandId: string;
  readonly document: string;
  readonly verb: string;
  readonly instanceId: string;
  readonly comment: string;
  readonly parameters: Readonly<Record<string, string[]>>;
  readonly requestedAt: number;
  status: Status;
  statusDetails: string;
  responseCode: number;
  stdout: string;
  stderr: string;
}

/** What a scenario makes of commands of a document: an exit code, a status, or a loss. */
export interface CommandFault {
  readonly verb: string;
  readonly outcome:
    { readonly exitCode: number } | { readonly status: 'TimedOut' | 'Undeliverable' | 'DeliveryTimedOut' };
  times: number;
}

/** AWS: the agent takes five commands at a time. */
const WORKERS = 5;
/** What SSM gives back of an output. */
const STDOUT_LIMIT = 24_000;
const STDERR_LIMIT = 8000;

const sendCommand = z.object({
  InstanceIds: z
    .array(z.string().regex(/^i-(\w{8}|\w{17})$/))
    .min(1)
    .max(50),
  DocumentName: z.string(),
  TimeoutSeconds: z.number().int().min(30).max(2_592_000).default(3600),
  Comment: z.string().max(100).default(''),
  Parameters: z.record(z.string(), z.array(z.string())).default({}),
});
const oneInvocation = z.object({ CommandId: z.string(), InstanceId: z.string() });
const listing = z.object({
  InstanceId: z.string().optional(),
  CommandId: z.string().optional(),
  Filters: z.array(z.strictObject({ key: z.literal('InvokedAfter'), value: z.iso.datetime() })).default([]),
});
const cancelling = z.object({ CommandId: z.string(), InstanceIds: z.array(z.string()).default([]) });

export interface RunCommandOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly ec2: Ec2;
  readonly machines: Machines;
  readonly documents: readonly SsmDocument[];
  /** From SendCommand until the agent has it, ms. */
  readonly deliveryLatency: number;
  /** Told what no document can cause: a bug of the lab. */
  readonly onDefect: (error: unknown) => void;
  readonly emit: (event: { 'detail-type': string; resources: string[]; detail: Record<string, unknown> }) => void;
}

export class RunCommand implements Service {
  readonly name = 'ssm';
  readonly faults: CommandFault[] = [];
  readonly operations = {
    SendCommand: (input: Record<string, unknown>) => this.#send(sendCommand.parse(input)),
    GetCommandInvocation: (input: Record<string, unknown>) => this.#get(oneInvocation.parse(input)),
    ListCommands: (input: Record<string, unknown>) => this.#list(listing.parse(input)),
    CancelCommand: (input: Record<string, unknown>) => this.#cancel(cancelling.parse(input)),
    DescribeInstanceInformation: () => this.#agents(),
  };

  readonly #options: RunCommandOptions;
  readonly #registered = new Set<string>();
  readonly #invocations = new Map<string, Invocation>();
  readonly #running = new Map<string, number>();
  readonly #queues = new Map<string, (() => void)[]>();

  constructor(options: RunCommandOptions) {
    this.#options = options;
  }

  /** The agent of the instance has registered: from now on it takes commands. */
  register(instanceId: string): void {
    this.#registered.add(instanceId);
  }

  /** The agent goes away, without a word: commands stay pending. */
  readonly offline = new Set<string>();

  #send(input: z.infer<typeof sendCommand>): unknown {
    const [instanceId] = input.InstanceIds;
    const document = this.#options.documents.find(({ name }) => name === input.DocumentName);
    if (document === undefined) {
      throw new AwsError('InvalidDocument', `Document ${input.DocumentName} does not exist`);
    }
    const refused = input.InstanceIds.find((id) => !this.#registered.has(id) || !this.#options.ec2.isRunning(id));
    if (refused !== undefined || instanceId === undefined) {
      throw new AwsError(
        'InvalidInstanceId',
        `Instances [[${refused ?? ''}]] not in a valid state for account 123456789012`,
      );
    }
    if (input.InstanceIds.length > 1) {
      throw new AwsError('InvalidParameters', 'the lab takes one instance id per command, as skep sends them');
    }
    const parameters = checkParameters(document, input.Parameters);
    const invocation: Invocation = {
      commandId: this.#options.random.uuid(),
      document: document.name,
      verb: document.verb,
      instanceId,
      comment: input.Comment,
      parameters: input.Parameters,
      requestedAt: this.#options.clock.now(),
      status: 'Pending',
      statusDetails: 'Pending',
      responseCode: -1,
      stdout: '',
      stderr: '',
    };
    this.#invocations.set(invocation.commandId, invocation);
    this.#deliver(invocation, document, parameters, input.TimeoutSeconds);
    return { Command: describeCommand(invocation) };
  }

  #deliver(invocation: Invocation, document: SsmDocument, parameters: Record<string, string>, timeout: number): void {
    const { clock, ec2, deliveryLatency } = this.#options;
    const { instanceId } = invocation;
    const runtime = Number(parameters['executionTimeout'] ?? 3600);
    clock.schedule(deliveryLatency, () => {
      const fault = this.#takeFault(invocation.verb);
      if (fault !== undefined && 'status' in fault.outcome) {
        this.#endAs(invocation, fault.outcome.status, timeout + runtime);
        return;
      }
      if (this.offline.has(instanceId) || !ec2.isRunning(instanceId)) {
        // Total timeout = delivery + execution.
        this.#endAs(invocation, 'DeliveryTimedOut', timeout + runtime);
        return;
      }
      this.#enqueue(instanceId, () => this.#run(invocation, document, parameters, fault));
    });
  }

  #endAs(invocation: Invocation, status: 'TimedOut' | 'Undeliverable' | 'DeliveryTimedOut', seconds: number): void {
    const after = status === 'DeliveryTimedOut' ? seconds * 1000 : 0;
    this.#options.clock.schedule(after, () => {
      if (status === 'TimedOut') {
        this.#end(invocation, 'TimedOut', 'ExecutionTimedOut');
      } else {
        this.#end(invocation, status === 'Undeliverable' ? 'Failed' : 'TimedOut', status);
      }
    });
  }

  #takeFault(verb: string): CommandFault | undefined {
    const fault = this.faults.find((one) => one.verb === verb && one.times > 0);
    if (fault !== undefined) {
      fault.times -= 1;
    }
    return fault;
  }

  #enqueue(instanceId: string, run: () => Promise<void>): void {
    const queue = this.#queues.get(instanceId) ?? [];
    this.#queues.set(instanceId, queue);
    queue.push(() => {
      this.#running.set(instanceId, (this.#running.get(instanceId) ?? 0) + 1);
      void run()
        .catch(this.#options.onDefect)
        .finally(() => {
          this.#running.set(instanceId, (this.#running.get(instanceId) ?? 1) - 1);
          this.#next(instanceId);
        });
    });
    this.#next(instanceId);
  }

  #next(instanceId: string): void {
    if ((this.#running.get(instanceId) ?? 0) < WORKERS) {
      this.#queues.get(instanceId)?.shift()?.();
    }
  }

  async #run(
    invocation: Invocation,
    document: SsmDocument,
    parameters: Record<string, string>,
    fault: CommandFault | undefined,
  ): Promise<void> {
    if (invocation.status === 'Cancelled') {
      return;
    }
    invocation.status = 'InProgress';
    invocation.statusDetails = 'InProgress';
    const executionTimeout = parameters['executionTimeout'] ?? '3600';
    const outcome: DocumentOutcome =
      fault !== undefined && 'exitCode' in fault.outcome
        ? { exitCode: fault.outcome.exitCode, stdout: '{"error":"Injected"}\n', stderr: '', timedOut: false }
        : await this.#options.machines.run(invocation.instanceId, {
            verb: invocation.verb,
            script: renderScript(document, parameters),
            parameters,
            timeoutSeconds: Number(executionTimeout),
          });
    if (!this.#options.ec2.isRunning(invocation.instanceId)) {
      return; // the instance died under it: SSM hears nothing until the total timeout
    }
    invocation.responseCode = outcome.exitCode;
    invocation.stdout = outcome.stdout.slice(0, STDOUT_LIMIT);
    invocation.stderr = outcome.stderr.slice(0, STDERR_LIMIT);
    if (outcome.timedOut) {
      this.#end(invocation, 'TimedOut', 'ExecutionTimedOut');
    } else {
      this.#end(
        invocation,
        outcome.exitCode === 0 ? 'Success' : 'Failed',
        outcome.exitCode === 0 ? 'Success' : 'Failed',
      );
    }
  }

  #end(invocation: Invocation, status: Status, statusDetails: string): void {
    if (['Success', 'Failed', 'TimedOut', 'Cancelled'].includes(invocation.status)) {
      return;
    }
    invocation.status = status;
    invocation.statusDetails = statusDetails;
    this.#options.emit({
      'detail-type': 'EC2 Command Invocation Status-change Notification',
      resources: [`arn:aws:ec2:eu-west-1:123456789012:instance/${invocation.instanceId}`],
      detail: {
        'command-id': invocation.commandId,
        'document-name': invocation.document,
        'instance-id': invocation.instanceId,
        'requested-date-time': new Date(invocation.requestedAt).toISOString(),
        // The event page spells it so, the API with two l.
        status: status === 'Cancelled' ? 'Canceled' : status,
      },
    });
  }

  #get({ CommandId: commandId, InstanceId: instanceId }: z.infer<typeof oneInvocation>): unknown {
    const invocation = this.#invocations.get(commandId);
    if (invocation?.instanceId !== instanceId) {
      throw new AwsError('InvocationDoesNotExist', '');
    }
    return {
      CommandId: commandId,
      InstanceId: instanceId,
      Comment: invocation.comment,
      DocumentName: invocation.document,
      ResponseCode: invocation.responseCode,
      Status: invocation.status,
      StatusDetails: invocation.statusDetails,
      StandardOutputContent: invocation.stdout,
      StandardErrorContent: invocation.stderr,
    };
  }

  #list({ InstanceId: instanceId, CommandId: commandId, Filters: filters }: z.infer<typeof listing>): unknown {
    const found = [...this.#invocations.values()]
      .filter((one) => instanceId === undefined || one.instanceId === instanceId)
      .filter((one) => commandId === undefined || one.commandId === commandId)
      .filter((one) => filters.every(({ value }) => one.requestedAt > Date.parse(value)));
    return { Commands: found.toReversed().map(describeCommand) };
  }

  #cancel({ CommandId: commandId }: z.infer<typeof cancelling>): unknown {
    const invocation = this.#invocations.get(commandId);
    if (invocation === undefined) {
      throw new AwsError('InvalidCommandId', '');
    }
    if (invocation.status === 'Pending') {
      this.#end(invocation, 'Cancelled', 'Cancelled');
    }
    return {};
  }

  #agents(): unknown {
    return {
      InstanceInformationList: [...this.#registered].map((InstanceId) => ({
        InstanceId,
        PingStatus:
          this.offline.has(InstanceId) || !this.#options.ec2.isRunning(InstanceId) ? 'ConnectionLost' : 'Online',
        PlatformType: 'Linux',
      })),
    };
  }
}

/** AWS checks names and allowedPattern when the command is sent, and fills in defaults. */
function checkParameters(document: SsmDocument, given: Record<string, string[]>): Record<string, string> {
  const declared = document.parameters;
  const unknown = Object.keys(given).filter((name) => !(name in declared));
  if (unknown.length > 0) {
    throw new AwsError('InvalidParameters', `Document ${document.name} has no parameter ${unknown.join(', ')}`);
  }
  return Object.fromEntries(
    Object.entries(declared).map(([name, { default: preset, allowedPattern }]) => {
      const value = given[name]?.[0] ?? preset;
      if (value === undefined) {
        throw new AwsError('InvalidParameters', `Missing required parameter ${name}`);
      }
      if (!new RegExp(allowedPattern).test(value)) {
        throw new AwsError('InvalidParameters', `Parameter ${name} does not match ${allowedPattern}: ${value}`);
      }
      return [name, value];
    }),
  );
}

function describeCommand(invocation: Invocation): Record<string, unknown> {
  return {
    CommandId: invocation.commandId,
    DocumentName: invocation.document,
    Comment: invocation.comment,
    Parameters: invocation.parameters,
    InstanceIds: [invocation.instanceId],
    RequestedDateTime: invocation.requestedAt / 1000,
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
  };
}
