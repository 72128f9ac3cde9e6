// What an SSM agent asks for over HTTP where it has no web socket: its messages (ec2messages, JSON 1.1, the target prefix
// EC2WindowsMessageDeliveryService), and two calls of SSM. Names and shapes are those of the agent's own source
// (agent/sdkutil, agent/messageservice, agent/contracts of aws/amazon-ssm-agent).
//
// An agent asks from time to time, and the answer waits for a message: so this is for clocks that pass by themselves.
import { z } from 'zod';

import type { Clock } from '../../time/clock.ts';
import { failedWithoutOutput } from './agent-result.ts';
import type { Result } from './agent-result.ts';
import type { CommandJob, CommandRun } from './command-run.ts';
import { AwsError } from './service.ts';
import type { Caller, Service } from './service.ts';

/** How long a request for messages is held where there is none, ms. AWS publishes no number. */
const HELD = 20_000;

const getting = z.object({
  Destination: z.string(),
  MessagesRequestId: z.string(),
  VisibilityTimeoutInSeconds: z.number().int().min(0).default(10),
});
const naming = z.object({ MessageId: z.string() });
const failing = naming.extend({ FailureType: z.enum(['NoHandlerExists', 'InternalHandlerException']) });
const replying = naming.extend({ ReplyId: z.string(), Payload: z.string() });
const informing = z.object({ InstanceId: z.string(), AgentStatus: z.enum(['Active', 'Inactive']).optional() });

/** What an agent tells of a command: of each step, where it has come so far. */
const reply = z.object({
  documentStatus: z.enum(['InProgress', 'Success', 'Failed', 'TimedOut', 'Cancelled']),
  documentTraceOutput: z.string().default(''),
  runtimeStatus: z
    .record(
      z.string(),
      z.object({
        code: z.number().int(),
        standardOutput: z.string().default(''),
        standardError: z.string().default(''),
      }),
    )
    .nullable(),
});

export interface AgentMailboxOptions {
  readonly clock: Clock;
  /** The agent of the instance has made itself known. */
  readonly registered: (instanceId: string) => void;
  /** Told what no agent can cause: a bug of the lab. */
  readonly onDefect: (error: unknown) => void;
}

interface Message {
  readonly messageId: string;
  readonly topic: string;
  readonly payload: unknown;
  readonly createdAt: number;
  /** Whether it is still to be delivered. */
  readonly wanted: () => boolean;
  /** The agent says that it has it. */
  readonly taken: () => void;
  hiddenUntil: number;
}

export class AgentMailbox {
  /** By instance: what its agent has not taken. */
  readonly #messages = new Map<string, Message[]>();
  /** Requests that are held until there is something for the instance. */
  readonly #held = new Map<string, Set<() => void>>();
  /** By message id: commands that have not ended. */
  readonly #jobs = new Map<string, CommandJob>();
  readonly #begun = new Set<string>();
  readonly #options: AgentMailboxOptions;

  constructor(options: AgentMailboxOptions) {
    this.#options = options;
  }

  readonly messages: Service = {
    name: 'ec2messages',
    operations: {
      GetMessages: (input, caller) => this.#get(getting.parse(input), caller),
      AcknowledgeMessage: (input, caller) => this.#acknowledge(naming.parse(input).MessageId, caller),
      SendReply: (input, caller) => this.#reply(replying.parse(input), caller),
      FailMessage: (input, caller) => this.#fail(failing.parse(input).MessageId, caller),
      DeleteMessage: (input, caller) => this.#delete(naming.parse(input).MessageId, caller),
    },
  };

  /** What the agent asks SSM itself. It has no associations: nothing of State Manager is played. */
  readonly registration: Service = {
    name: 'ssm',
    operations: {
      UpdateInstanceInformation: (input, caller) => {
        const { InstanceId: instanceId } = informing.parse(input);
        refuseOthers(instanceId, caller);
        this.#options.registered(instanceId);
        return {};
      },
      ListInstanceAssociations: () => ({ Associations: [] }),
    },
  };

  get services(): readonly Service[] {
    return [this.messages, this.registration];
  }

  /** A command is there for the agent of the instance. */
  readonly deliver = (instanceId: string, job: CommandJob): void => {
    if (job.instead !== undefined) {
      // What a scenario wants the agent to report runs nowhere.
      void job.run().then(job.finished).catch(this.#options.onDefect);
      job.accepted();
      return;
    }
    const { command } = job;
    const messageId = `aws.ssm.${command.invocation.commandId}.${instanceId}`;
    this.#jobs.set(messageId, job);
    this.#put(instanceId, {
      messageId,
      topic: `aws.ssm.sendCommand.${command.invocation.commandId}`,
      payload: payloadOf(command),
      wanted: job.wanted,
      taken: () => {
        this.#begin(messageId);
      },
    });
    command.cancelled.addEventListener('abort', () => {
      this.#put(instanceId, {
        messageId: `aws.ssm.cancel-${command.invocation.commandId}.${instanceId}`,
        topic: `aws.ssm.cancelCommand.${command.invocation.commandId}`,
        payload: { CancelMessageId: messageId },
        wanted: () => this.#jobs.has(messageId),
        taken: () => undefined,
      });
    });
  };

  #put(instanceId: string, message: Omit<Message, 'createdAt' | 'hiddenUntil'>): void {
    const createdAt = this.#options.clock.now();
    this.#messages.set(instanceId, [
      ...(this.#messages.get(instanceId) ?? []),
      { ...message, createdAt, hiddenUntil: createdAt },
    ]);
    for (const wake of this.#held.get(instanceId) ?? []) {
      wake();
    }
  }

  async #get(input: z.infer<typeof getting>, caller: Caller): Promise<unknown> {
    const { Destination: instanceId } = input;
    refuseOthers(instanceId, caller);
    const until = this.#options.clock.now() + HELD;
    let visible = this.#visible(instanceId);
    while (visible.length === 0 && this.#options.clock.now() < until) {
      await this.#news(instanceId, until);
      visible = this.#visible(instanceId);
    }
    const hiddenUntil = this.#options.clock.now() + input.VisibilityTimeoutInSeconds * 1000;
    for (const message of visible) {
      message.hiddenUntil = hiddenUntil;
    }
    return {
      Destination: instanceId,
      MessagesRequestId: input.MessagesRequestId,
      Messages: visible.map(({ messageId, topic, payload, createdAt }) => ({
        CreatedDate: new Date(createdAt).toISOString(),
        Destination: instanceId,
        MessageId: messageId,
        Payload: JSON.stringify(payload),
        Topic: topic,
      })),
    };
  }

  /** What nobody wants any more is gone, as it is at the service. */
  #visible(instanceId: string): Message[] {
    const now = this.#options.clock.now();
    const wanted = (this.#messages.get(instanceId) ?? []).filter((message) => message.wanted());
    this.#messages.set(instanceId, wanted);
    return wanted.filter(({ hiddenUntil }) => hiddenUntil <= now);
  }

  /** A message comes, one that an agent has not acknowledged shows again, or the request has been held for long enough. */
  async #news(instanceId: string, until: number): Promise<void> {
    const { clock } = this.#options;
    const next = (this.#messages.get(instanceId) ?? []).map(({ hiddenUntil }) => hiddenUntil);
    const held = this.#held.get(instanceId) ?? new Set();
    this.#held.set(instanceId, held);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        held.delete(wake);
        cancel();
        resolve();
      };
      const cancel = clock.schedule(Math.min(until, ...next) - clock.now(), wake);
      held.add(wake);
    });
  }

  #acknowledge(messageId: string, caller: Caller): unknown {
    const message = this.#take(messageId, caller);
    message?.taken();
    return {};
  }

  #delete(messageId: string, caller: Caller): unknown {
    this.#take(messageId, caller);
    return {};
  }

  /** Its agent will not be given it again. */
  #take(messageId: string, caller: Caller): Message | undefined {
    const instanceId = instanceOf(messageId);
    refuseOthers(instanceId, caller);
    const all = this.#messages.get(instanceId) ?? [];
    this.#messages.set(
      instanceId,
      all.filter((one) => one.messageId !== messageId),
    );
    return all.find((one) => one.messageId === messageId);
  }

  #begin(messageId: string): void {
    const job = this.#jobs.get(messageId);
    if (job !== undefined && !this.#begun.has(messageId)) {
      this.#begun.add(messageId);
      job.accepted();
      job.command.begun();
    }
  }

  #reply({ MessageId: messageId, Payload: text }: z.infer<typeof replying>, caller: Caller): unknown {
    refuseOthers(instanceOf(messageId), caller);
    const told = reply.parse(jsonOf(text));
    this.#begin(messageId);
    if (told.documentStatus !== 'InProgress') {
      this.#end(messageId, resultOf(told));
    }
    return {};
  }

  /** The agent has no use for the message: of a command it is the end. */
  #fail(messageId: string, caller: Caller): unknown {
    this.#take(messageId, caller);
    this.#end(messageId, failedWithoutOutput(-1));
    return {};
  }

  #end(messageId: string, result: Result): void {
    const job = this.#jobs.get(messageId);
    this.#jobs.delete(messageId);
    this.#begun.delete(messageId);
    job?.finished(result);
  }
}

/** A document that the agent has refused has no steps in its result; the reason stands beside. */
function resultOf({ documentStatus, documentTraceOutput, runtimeStatus }: z.infer<typeof reply>): Result {
  const [step] = Object.values(runtimeStatus ?? {});
  const status = documentStatus;
  const details = status === 'TimedOut' ? 'ExecutionTimedOut' : status;
  return step === undefined
    ? { status, details, code: -1, stdout: '', stderr: documentTraceOutput }
    : { status, details, code: step.code, stdout: step.standardOutput, stderr: step.standardError };
}

/** A command as the agent gets it: with its document, in which nothing is replaced yet. */
function payloadOf({ document, values, invocation }: CommandRun): Record<string, unknown> {
  return {
    Parameters: values,
    DocumentContent: {
      schemaVersion: '2.2',
      description: document.name,
      parameters: document.parameters,
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: document.verb,
          inputs: { timeoutSeconds: '{{ executionTimeout }}', runCommand: document.script.split('\n') },
        },
      ],
    },
    CommandId: invocation.commandId,
    DocumentName: document.name,
    OutputS3KeyPrefix: '',
    OutputS3BucketName: '',
    CloudWatchLogGroupName: '',
    CloudWatchOutputEnabled: 'false',
  };
}

const instanceOf = (messageId: string): string => messageId.slice(messageId.lastIndexOf('.') + 1);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('ValidationException', 'the payload is not JSON');
  }
}

/** An agent has the role of its instance: it may ask for that one's messages only. */
function refuseOthers(instanceId: string, caller: Caller): void {
  if (caller.kind === 'instance' && caller.name !== instanceId) {
    throw new AwsError('AccessDeniedException', `${caller.name} may not ask for the messages of ${instanceId}`);
  }
}
