// SSM Run Command as the lab plays it: commands wait for agents that register late, are full, go away, and die with their instance.
import type { z } from 'zod';

import type { Clock } from '../clock.ts';
import type { DocumentOutcome, Machines } from '../nodes/machines.ts';
import type { Random } from '../random.ts';
import { Agent } from './agent.ts';
import { checkParameters, renderScript } from './document.ts';
import type { SsmDocument } from './document.ts';
import type { Ec2 } from './ec2.ts';
import { AGENT_LIMITS, rateExceeded } from './limits.ts';
import type { AgentLimits, Throttles } from './limits.ts';
import { endEvent } from './command-event.ts';
import { describeCommand, showInvocation } from './invocation.ts';
import type { CommandRecord, Invocation, Status } from './invocation.ts';
import { register } from './registration.ts';
import { pageOf } from './pages.ts';
import { QUOTAS } from './quotas.ts';
import { Rogues } from './rogue.ts';
import {
  agentsAsked,
  cancelling,
  executionTimeoutOf,
  listing,
  oneInvocation,
  sendCommand,
} from './run-command-requests.ts';
import { AwsError } from './service.ts';
import type { Service } from './service.ts';

/** What a scenario makes of commands of a document: an exit code, a status, or a loss. */
export interface CommandFault {
  readonly verb: string;
  readonly outcome:
    { readonly exitCode: number } | { readonly status: 'TimedOut' | 'Undeliverable' | 'DeliveryTimedOut' };
  times: number;
}

export interface RunCommandOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly ec2: Ec2;
  readonly machines: Machines;
  readonly documents: readonly SsmDocument[];
  /** From SendCommand until the agent has it, ms. */
  readonly deliveryLatency: number;
  readonly throttles?: Throttles;
  /** Whether the agent may make itself known, with the role of its instance. */
  readonly mayRegister?: (instanceId: string) => boolean;
  readonly agentLimits?: AgentLimits;
  /** Whether a list by instance shows what its agent has not taken yet. */
  readonly listsPending?: boolean | undefined;
  /** How late GetCommandInvocation is to tell of a command's end, ms: asked once for each command. */
  readonly lag?: () => number;
  /** Told what no document can cause: a bug of the lab. */
  readonly onDefect: (error: unknown) => void;
  readonly emit: (event: { 'detail-type': string; resources: string[]; detail: Record<string, unknown> }) => void;
}

/** What is to be run: a document with its parameters, or an end that a scenario has chosen. */
interface Job {
  readonly document: SsmDocument;
  readonly parameters: Readonly<Record<string, string>>;
  readonly executionTimeout: number;
  readonly fault: CommandFault | undefined;
}

export class RunCommand implements Service {
  readonly name = 'ssm';
  readonly faults: CommandFault[] = [];
  readonly operations = {
    SendCommand: (input: Record<string, unknown>) => this.#send(input),
    GetCommandInvocation: (input: Record<string, unknown>) => this.#get(oneInvocation.parse(input)),
    ListCommands: (input: Record<string, unknown>) => this.#list(listing.parse(input)),
    CancelCommand: (input: Record<string, unknown>) => this.#cancel(cancelling.parse(input)),
    DescribeInstanceInformation: (input: Record<string, unknown>) => this.#describeAgents(agentsAsked.parse(input)),
  };

  /** By instance id, from the moment on that they are heard of. */
  readonly agents = new Map<string, Agent>();
  /** SendCommands that were throttled, by the document's verb and the instance that it was about. */
  readonly throttled: { readonly verb: string; readonly subject: string | undefined; readonly at: number }[] = [];
  /** Agents that answer as a scenario says. */
  readonly rogues: Rogues;
  readonly #options: RunCommandOptions;
  readonly #invocations = new Map<string, Invocation>();
  readonly #byInstance = new Map<string, Invocation[]>();
  readonly #documents: ReadonlyMap<string, SsmDocument>;

  constructor(options: RunCommandOptions) {
    this.#options = options;
    this.rogues = new Rogues(options.clock, options.random);
    this.#documents = new Map(options.documents.map((document) => [document.name, document]));
  }

  /** Every command, in the order in which they were sent. */
  get commands(): Iterable<CommandRecord> {
    return this.#invocations.values();
  }

  agent(instanceId: string): Agent {
    const known = this.agents.get(instanceId);
    if (known !== undefined) {
      return known;
    }
    const { clock, ec2, agentLimits = AGENT_LIMITS } = this.#options;
    const agent = new Agent(clock, agentLimits, () => ec2.isRunning(instanceId));
    this.agents.set(instanceId, agent);
    return agent;
  }

  /** The agent of the instance has come up, and makes itself known: from then on it takes commands. */
  register(instanceId: string): void {
    const { clock, random, ec2, throttles, onDefect } = this.#options;
    const agent = this.agent(instanceId);
    agent.startedAt = clock.now();
    const { mayRegister = () => true } = this.#options;
    const take = (): boolean => mayRegister(instanceId) && (throttles?.take('registrations') ?? true);
    void register({ clock, random, take, alive: () => ec2.isRunning(instanceId) })
      .then((known) => {
        agent.registeredAt = known ? clock.now() : undefined;
      })
      .catch(onDefect);
  }

  #send(given: Record<string, unknown>): unknown {
    const input = sendCommand.parse(given);
    const document = this.#documents.get(input.DocumentName);
    this.#throttle(document, input.Parameters);
    const [instanceId] = input.InstanceIds;
    if (document === undefined) {
      throw new AwsError('InvalidDocument', `Document ${input.DocumentName} does not exist`);
    }
    const refused = input.InstanceIds.find((id) => !this.#isManaged(id));
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
    const invocation = this.#create(document, instanceId, input);
    const executionTimeout = executionTimeoutOf(parameters['executionTimeout']);
    this.#deliver(invocation, document, parameters, executionTimeout);
    return { Command: describeCommand(invocation) };
  }

  #throttle(document: SsmDocument | undefined, parameters: Readonly<Record<string, string[]>>): void {
    const { throttles, clock } = this.#options;
    if (throttles?.take('sendCommand') === false) {
      this.throttled.push({ verb: document?.verb ?? '', subject: parameters['instanceId']?.[0], at: clock.now() });
      throw rateExceeded();
    }
  }

  #isManaged(instanceId: string): boolean {
    return this.agents.get(instanceId)?.registeredAt !== undefined && this.#options.ec2.isRunning(instanceId);
  }

  #create(document: SsmDocument, instanceId: string, input: z.infer<typeof sendCommand>): Invocation {
    const now = this.#options.clock.now();
    const invocation: Invocation = {
      commandId: this.#options.random.uuid(),
      document: document.name,
      verb: document.verb,
      instanceId,
      comment: input.Comment,
      parameters: input.Parameters,
      requestedAt: now,
      deliverBefore: now + input.TimeoutSeconds * 1000,
      acceptedAt: undefined,
      startedAt: undefined,
      endedAt: undefined,
      status: 'Pending',
      statusDetails: 'Pending',
      responseCode: -1,
      stdout: '',
      stderr: '',
      lag: this.#options.lag?.() ?? 0,
      cancelTimeout: () => undefined,
    };
    this.#invocations.set(invocation.commandId, invocation);
    const ofInstance = this.#byInstance.get(instanceId) ?? [];
    ofInstance.push(invocation);
    this.#byInstance.set(instanceId, ofInstance);
    return invocation;
  }

  #deliver(
    invocation: Invocation,
    document: SsmDocument,
    parameters: Record<string, string>,
    executionTimeout: number,
  ): void {
    const { clock, deliveryLatency } = this.#options;
    // Total timeout = delivery + execution. Whoever has not answered by then is not waited for, whatever became of it.
    const total = invocation.deliverBefore + executionTimeout * 1000 - clock.now();
    invocation.cancelTimeout = clock.schedule(total, () => {
      this.#end(invocation, 'TimedOut', 'DeliveryTimedOut');
    });
    clock.schedule(deliveryLatency, () => {
      const fault = this.#takeFault(invocation.verb);
      if (fault === undefined || 'exitCode' in fault.outcome) {
        this.#offer(invocation, { document, parameters, executionTimeout, fault });
      } else if (fault.outcome.status === 'TimedOut') {
        this.#end(invocation, 'TimedOut', 'ExecutionTimedOut');
      } else if (fault.outcome.status === 'Undeliverable') {
        this.#end(invocation, 'Failed', 'Undeliverable');
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

  /** It stays Pending at the service until the agent takes it. */
  #offer(invocation: Invocation, job: Job): void {
    const { clock, onDefect } = this.#options;
    this.agent(invocation.instanceId).offer({
      wanted: () => invocation.status === 'Pending' && clock.now() < invocation.deliverBefore,
      accepted: () => {
        invocation.acceptedAt = clock.now();
        // The agent says so when it takes it, not when the script begins.
        invocation.status = 'InProgress';
        invocation.statusDetails = 'InProgress';
      },
      run: () => this.#run(invocation, job).catch(onDefect),
    });
  }

  async #run(invocation: Invocation, job: Job): Promise<void> {
    const { clock, ec2 } = this.#options;
    invocation.startedAt = clock.now();
    const { outcome, replies, comment } = await this.rogues.end(invocation, () => this.#outcome(invocation, job));
    if (!ec2.isRunning(invocation.instanceId)) {
      return; // the instance died under it: SSM hears nothing until the total timeout
    }
    this.agent(invocation.instanceId).tell(() => {
      invocation.comment = comment ?? invocation.comment;
      this.#report(invocation, outcome);
      for (let again = 1; again < replies; again += 1) {
        this.#options.emit(endEvent(invocation));
      }
    });
  }

  async #outcome(invocation: Invocation, job: Job): Promise<DocumentOutcome> {
    const { document, parameters, executionTimeout, fault } = job;
    if (fault !== undefined && 'exitCode' in fault.outcome) {
      const stdout = '{"error":"Injected"}\n';
      return { exitCode: fault.outcome.exitCode, stdout, stderr: '', timedOut: false };
    }
    return this.#options.machines.run(invocation.instanceId, {
      verb: invocation.verb,
      script: renderScript(document, parameters),
      parameters,
      timeoutSeconds: executionTimeout,
    });
  }

  #report(invocation: Invocation, outcome: DocumentOutcome): void {
    if (invocation.endedAt !== undefined) {
      return;
    }
    invocation.responseCode = outcome.exitCode;
    invocation.stdout = outcome.stdout.slice(0, QUOTAS.standardOutput.value);
    invocation.stderr = outcome.stderr.slice(0, QUOTAS.standardError.value);
    if (outcome.timedOut) {
      this.#end(invocation, 'TimedOut', 'ExecutionTimedOut');
    } else {
      const status = outcome.exitCode === 0 ? 'Success' : 'Failed';
      this.#end(invocation, status, status);
    }
  }

  #end(invocation: Invocation, status: Status, statusDetails: string): void {
    if (invocation.endedAt !== undefined) {
      return;
    }
    invocation.endedAt = this.#options.clock.now();
    invocation.cancelTimeout();
    invocation.status = status;
    invocation.statusDetails = statusDetails;
    this.#options.emit(endEvent(invocation));
  }

  #get({ CommandId: commandId, InstanceId: instanceId }: z.infer<typeof oneInvocation>): unknown {
    const invocation = this.#invocations.get(commandId);
    // For a moment after SendCommand it is not there yet: SSM is eventually consistent.
    const { clock, deliveryLatency } = this.#options;
    if (invocation?.instanceId !== instanceId || clock.now() - invocation.requestedAt < deliveryLatency) {
      throw new AwsError('InvocationDoesNotExist', '');
    }
    return showInvocation(invocation, clock.now());
  }

  #list(input: z.infer<typeof listing>): unknown {
    const {
      InstanceId: instanceId,
      CommandId: commandId,
      Filters: filters,
      MaxResults: limit,
      NextToken: token,
    } = input;
    const all = instanceId === undefined ? [...this.#invocations.values()] : (this.#byInstance.get(instanceId) ?? []);
    const { listsPending = false } = this.#options;
    const found = all
      // "The command hasn't reached the managed node yet": by instance AWS refuses to filter for them, and may leave them out.
      .filter((one) => instanceId === undefined || listsPending || one.status !== 'Pending')
      .filter((one) => commandId === undefined || one.commandId === commandId)
      .filter((one) =>
        filters.every(({ key, value }) =>
          key === 'Status' ? one.status === value : one.requestedAt > Date.parse(value),
        ),
      );
    const { items, next } = pageOf(found.toReversed(), { limit, token }, 50, 'InvalidNextToken');
    return { Commands: items.map(describeCommand), ...(next === undefined ? {} : { NextToken: next }) };
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

  #describeAgents({ Filters: filters, MaxResults: limit, NextToken: token }: z.infer<typeof agentsAsked>): unknown {
    const registered = [...this.agents]
      .filter(([, { registeredAt }]) => registeredAt !== undefined)
      .filter(([id]) => filters.every(({ Values }) => Values.includes(id)));
    const { items, next } = pageOf(registered, { limit, token }, 10, 'InvalidNextToken');
    return {
      ...(next === undefined ? {} : { NextToken: next }),
      InstanceInformationList: items.map(([InstanceId, { online }]) => ({
        InstanceId,
        PingStatus: online ? 'Online' : 'ConnectionLost',
        PlatformType: 'Linux',
      })),
    };
  }
}
