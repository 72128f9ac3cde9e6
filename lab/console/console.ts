// What people see of a stack in AWS: alarms, the topic that they and the functions publish to, the webhook, the dashboard.
import { Alarms } from '../aws/alarms.ts';
import type { DeadLetter } from '../aws/events/bus.ts';
import type { Clock } from '../time/clock.ts';
import { show } from './dashboard.ts';
import type { ShownWidget } from './dashboard.ts';
import type { HttpRequest, HttpResponse } from '../aws/protocols/http.ts';
import type { Random } from '../time/random.ts';
import { queuesApi } from '../aws/services/queues.ts';
import type { LabQueue } from '../aws/services/queues.ts';
import type { Service } from '../aws/services/service.ts';
import { Topics } from '../aws/services/topics.ts';
import type { Stack, StackAlarm } from '../aws/stack/stack.ts';
import { Webhook, pathOf } from './webhook.ts';

export interface Dashboard {
  readonly widgets: readonly ShownWidget[];
  /** What the topic was told. */
  readonly notices: readonly { readonly at: number; readonly subject: string; readonly message: string }[];
  /** What the webhook took. */
  readonly posted: readonly string[];
}

/** What AWS counts of an execution that did not end well. */
const ENDED_BADLY: Readonly<Record<string, string>> = {
  ExecutionFailed: 'ExecutionsFailed',
  ExecutionTimedOut: 'ExecutionsTimedOut',
  ExecutionAborted: 'ExecutionsAborted',
};

interface ConsoleParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly stack: Stack;
  readonly deadLetters: () => DeadLetter[];
}

export class Console {
  readonly alarms: Alarms;
  readonly topics: Topics;
  readonly webhook = new Webhook();
  readonly queues: Service;
  /** Notifications of alarms that reached their topic. */
  readonly rung: { readonly alarm: string; readonly topic: string; readonly at: number }[] = [];
  /** Whether the policy of a topic lets an alarm publish. */
  mayNotify: (alarm: StackAlarm, topic: string) => boolean = () => false;
  /** Ends a lab that is served (`skep lab stop`); undefined for one that a scenario or a test ends. */
  stop: (() => void) | undefined;
  readonly #stack: Stack;
  readonly #clock: Clock;

  constructor({ clock, random, stack, deadLetters }: ConsoleParts) {
    this.#stack = stack;
    this.#clock = clock;
    this.alarms = new Alarms(stack.alarms, () => clock.now());
    this.topics = new Topics(
      clock,
      random,
      stack.topics.map(({ arn }) => arn),
    );
    // The lab has one queue for all dead letters.
    const remove = (letter: DeadLetter): void => {
      deadLetters().splice(deadLetters().indexOf(letter), 1);
      this.letterDied(deadLetters().length);
    };
    this.queues = queuesApi({
      queues: stack.queues.map(({ url, arn }): LabQueue => ({ url, arn, letters: deadLetters, remove })),
      now: () => clock.now(),
      uuid: () => random.uuid(),
    });
    this.alarms.onRing = (alarm) => {
      for (const topic of alarm.actions.filter((arn) => this.mayNotify(alarm, arn))) {
        this.rung.push({ alarm: alarm.name, topic, at: clock.now() });
      }
    };
  }

  /** The webhook, and what `skep lab dashboard` asks for; undefined for a request that is meant for AWS. */
  answer(request: HttpRequest): HttpResponse | undefined {
    return pathOf(request) === '/lab/dashboard'
      ? { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(this.dashboard()) }
      : this.webhook.take(request);
  }

  dashboard(): Dashboard {
    return {
      widgets: this.#stack.dashboards.flatMap((one) => show(one, this.alarms, this.#stack.alarms)),
      notices: this.topics.published.map(({ at, subject, message }) => ({ at, subject, message })),
      posted: this.webhook.messages.map(({ text }) => text),
    };
  }

  /** The parameters that the stack's functions look for the webhook in, as a person puts them there after a deployment. */
  webhookParameters(lab: string): Record<string, unknown>[] {
    return this.#stack.functions.flatMap(({ environment }) => {
      const { WEBHOOK_PARAMETER: Name, TOKEN_KEY: KeyId } = environment;
      const Value = this.webhook.urlAt(lab);
      return Name === undefined || KeyId === undefined ? [] : [{ Name, KeyId, Value, Type: 'SecureString' }];
    });
  }

  /** AWS's own metrics, as far as the stack has alarms on them. */
  functionEnded(name: string, ok: boolean): void {
    if (!ok) {
      this.alarms.put('AWS/Lambda', 'Errors', { FunctionName: name }, 1);
    }
  }

  executionDid(machineArn: string, event: string): void {
    const metric = ENDED_BADLY[event];
    if (metric !== undefined) {
      this.alarms.put('AWS/States', metric, { StateMachineArn: machineArn }, 1);
    }
  }

  letterDied(count: number): void {
    for (const { name } of this.#stack.queues) {
      const dimensions = { QueueName: name };
      this.alarms.put('AWS/SQS', 'ApproximateNumberOfMessagesVisible', dimensions, count, this.#clock.now());
    }
  }
}
