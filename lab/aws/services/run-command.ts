// SSM Run Command as the lab plays it: commands wait for agents that register late, are full, go away, and die with their instance.
import type { z } from 'zod';

import type { Clock } from '../../time/clock.ts';
import type { Machines } from '../../nodes/machines.ts';
import type { Random } from '../../time/random.ts';
import { Agent } from './agent.ts';
import { nextRestart } from './agent-restarts.ts';
import { AgentMailbox } from './agent-mailbox.ts';
import type { CommandFault } from './command-fault.ts';
import { CommandRun } from './command-run.ts';
import type { CommandWorld } from './command-run.ts';
import { checkParameters, describeDocument } from './document.ts';
import type { DocumentVersions, SsmDocument } from './document.ts';
import type { Ec2 } from './ec2.ts';
import { describeCommand, showInvocation } from './invocation.ts';
import { endEvent } from './command-event.ts';
import { Rogues } from './rogue.ts';
import type { CommandRecord, Invocation } from './invocation.ts';
import { AGENT_LIMITS, rateExceeded } from './throttles.ts';
import type { AgentLimits, Throttles } from './throttles.ts';
import { register } from './registration.ts';
import { pageOf } from './pages.ts';
import {
  agentsAsked,
  cancelling,
  documentAsked,
  executionTimeoutOf,
  listing,
  oneInvocation,
  sendCommand,
} from './run-command-requests.ts';
import { AwsError } from './service.ts';
import type { Service } from './service.ts';

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

/** How long an agent is away, ms: started anew, after an update of itself, with its machine. */
const AWAY = { agent: 3000, update: 30_000, machine: 20_000 } as const;

export class RunCommand implements Service {
  readonly name = 'ssm';
  readonly faults: CommandFault[] = [];
  readonly operations = {
    SendCommand: (input: Record<string, unknown>) => this.#send(input),
    GetCommandInvocation: (input: Record<string, unknown>) => this.#get(oneInvocation.parse(input)),
    ListCommands: (input: Record<string, unknown>) => this.#list(listing.parse(input)),
    CancelCommand: (input: Record<string, unknown>) => this.#cancel(cancelling.parse(input)),
    DescribeInstanceInformation: (input: Record<string, unknown>) => this.#describeAgents(agentsAsked.parse(input)),
    DescribeDocument: (input: Record<string, unknown>) =>
      describeDocument(
        this.#document(documentAsked.parse(input).Name),
        this.versions.get(documentAsked.parse(input).Name),
      ),
  };

  /** A knob: documents whose default version is another than the latest one, by name. */
  readonly versions = new Map<string, DocumentVersions>();
  /** By instance id, from the moment on that they are heard of. */
  readonly agents = new Map<string, Agent>();
  /** SendCommands that were throttled, by the document's verb and the instance that it was about. */
  readonly throttled: { readonly verb: string; readonly subject: string | undefined; readonly at: number }[] = [];
  /** Agents that answer as a scenario says. */
  readonly rogues: Rogues;
  readonly #options: RunCommandOptions;
  /** Of agents that are programs on the machines. */
  readonly #mailbox: AgentMailbox | undefined;
  readonly #runs = new Map<string, CommandRun>();
  readonly #byInstance = new Map<string, Invocation[]>();
  readonly #world: CommandWorld;
  #documents: ReadonlyMap<string, SsmDocument>;

  constructor(options: RunCommandOptions) {
    this.#options = options;
    this.rogues = new Rogues(options.clock, options.random);
    const { clock, machines, deliveryLatency, onDefect } = options;
    const registered = (instanceId: string): void => {
      this.#heardOf(instanceId);
    };
    this.#mailbox = machines.agents && new AgentMailbox({ clock, registered, onDefect });
    this.#world = {
      ...{ clock, machines, deliveryLatency, onDefect, faults: this.faults, rogues: this.rogues },
      offer:
        this.#mailbox?.deliver ??
        ((instanceId, job) => {
          this.agent(instanceId).offer(job);
        }),
      restart: (...which) => {
        this.restart(...which);
      },
      ended: (invocation) => {
        this.#options.emit(endEvent(invocation));
      },
    };
    this.#documents = new Map(options.documents.map((document) => [document.name, document]));
  }

  /** From here on these are deployed. What an agent has is a text of its own already. */
  deploy(documents: readonly SsmDocument[]): void {
    this.#documents = new Map(documents.map((document) => [document.name, document]));
  }

  /** Every command, in the order in which they were sent. */
  get commands(): Iterable<CommandRecord> {
    return this.#invocations;
  }

  get #invocations(): Invocation[] {
    return [...this.#runs.values()].map(({ invocation }) => invocation);
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
    const again = agent.registeredAt !== undefined;
    agent.startedAt = clock.now();
    const { mayRegister = () => true } = this.#options;
    const take = (): boolean => mayRegister(instanceId) && (throttles?.take('registrations') ?? true);
    void register({ clock, random, take, alive: () => ec2.isRunning(instanceId) })
      .then((known) => {
        agent.registeredAt = known ? clock.now() : undefined;
        // It may have been stopped before it was ever known, as instances of a warm pool are.
        if (known && !agent.hasPower) agent.poweredOn();
        if (!again && known) this.#restartByItself(instanceId, 0);
      })
      .catch(onDefect);
  }

  /** Again and again, for as long as its instance is there. */
  #restartByItself(instanceId: string, count: number): void {
    const { clock, ec2, agentLimits: { restarts = 0 } = AGENT_LIMITS } = this.#options;
    if (restarts === 0) {
      return;
    }
    const { after, what } = nextRestart(instanceId, count, restarts);
    clock.schedule(after, () => {
      if (ec2.isThere(instanceId)) {
        this.restart(instanceId, what);
        this.#restartByItself(instanceId, count + 1);
      }
    });
  }

  /** What agents ask for that are programs on the machines. */
  get ofAgents(): readonly Service[] {
    return this.#mailbox?.services ?? [];
  }

  /** The agent of the instance comes up, and makes itself known. */
  start(instanceId: string): void {
    const { clock, ec2, machines, onDefect } = this.#options;
    if (machines.agents === undefined) {
      this.register(instanceId);
      return;
    }
    this.agent(instanceId).startedAt = clock.now();
    machines.agents.start(instanceId).catch((error: unknown) => {
      // With its machine its agent is gone, too.
      if (ec2.isRunning(instanceId)) onDefect(error);
    });
  }

  /** What such an agent says of itself, again and again. @throws {AwsError} where more do so than SSM takes */
  #heardOf(instanceId: string): void {
    const { clock, throttles } = this.#options;
    if (throttles?.take('registrations') === false) {
      throw rateExceeded();
    }
    this.agent(instanceId).registeredAt ??= clock.now();
  }

  /** The agent of the instance goes away without a word, or comes back. */
  async setOnline(instanceId: string, online: boolean): Promise<void> {
    const { machines } = this.#options;
    const agent = this.agent(instanceId);
    if (online) {
      await machines.agents?.back(instanceId);
      agent.comeBack();
    } else {
      await machines.agents?.away(instanceId);
      agent.leave();
    }
  }

  #send(given: Record<string, unknown>): unknown {
    const input = sendCommand.parse(given);
    this.#throttle(this.#documents.get(input.DocumentName), input.Parameters);
    const document = this.#document(input.DocumentName);
    const [instanceId] = input.InstanceIds;
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
    const values = checkParameters(document, input.Parameters);
    const invocation = this.#create(document, instanceId, input);
    const executionTimeout = executionTimeoutOf(values['executionTimeout']);
    const run = new CommandRun(this.#world, invocation, { document, values, executionTimeout });
    this.#runs.set(invocation.commandId, run);
    run.deliver();
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
    return this.agents.get(instanceId)?.registeredAt !== undefined && this.#options.ec2.isThere(instanceId);
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
      clockAhead: this.#options.ec2.instances.get(instanceId)?.clockAhead ?? 0,
      cancelTimeout: () => undefined,
    };
    const ofInstance = this.#byInstance.get(instanceId) ?? [];
    ofInstance.push(invocation);
    this.#byInstance.set(instanceId, ofInstance);
    return invocation;
  }

  /** The agent of the instance is started anew, or its machine and all that runs on it. */
  restart(instanceId: string, what: 'agent' | 'update' | 'machine'): void {
    const { clock, ec2, machines, onDefect } = this.#options;
    if (!ec2.isRunning(instanceId)) {
      return;
    }
    const agent = this.agent(instanceId);
    if (what === 'machine') {
      // One that is a program comes up with the machine, and tells itself what it knows of before.
      if (machines.agents === undefined) agent.reboot(AWAY.machine);
      // In the time of the lab: its engine may need others to come up.
      clock.busy(machines.reboot(instanceId)).catch(onDefect);
    } else if (machines.agents === undefined) {
      agent.restart(AWAY[what]);
    } else {
      this.#restartProgram(instanceId, AWAY[what]).catch(onDefect);
    }
  }

  async #restartProgram(instanceId: string, away: number): Promise<void> {
    await this.setOnline(instanceId, false);
    await this.#options.clock.sleep(away);
    if (this.#options.ec2.isRunning(instanceId)) {
      await this.setOnline(instanceId, true);
    }
  }

  #get({ CommandId: commandId, InstanceId: instanceId }: z.infer<typeof oneInvocation>): unknown {
    const invocation = this.#runs.get(commandId)?.invocation;
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
    const all = instanceId === undefined ? this.#invocations : (this.#byInstance.get(instanceId) ?? []);
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
    const run = this.#runs.get(commandId);
    if (run === undefined) {
      throw new AwsError('InvalidCommandId', '');
    }
    run.cancel();
    return {};
  }

  #document(name: string): SsmDocument {
    const document = this.#documents.get(name);
    if (document === undefined) {
      throw new AwsError('InvalidDocument', `Document ${name} does not exist`);
    }
    return document;
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
