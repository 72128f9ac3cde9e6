// Step Functions as the lab plays it: Standard executions of the deployed machines, and what their tasks integrate with.
import { z } from 'zod';

import type { Clock } from '../../time/clock.ts';
import type { Lambda } from '../lambda.ts';
import { seededRandom } from '../../time/random.ts';
import type { Random } from '../../time/random.ts';
import type { StackStateMachine } from '../stack/stack.ts';
import { checkIntegrations } from '../states/integrations.ts';
import { deployedDefinition } from '../states/deployed.ts';
import type { Definition } from '../states/definition.ts';
import { StatesError, TaskTokenError } from '../states/errors.ts';
import { optimizedError, sdkError } from '../states/integration-errors.ts';
import { Execution } from '../states/execution.ts';
import type { HistoryEvent } from '../states/history.ts';
import type { StatesRuntime, TaskCall } from '../states/runtime.ts';
import { sdkMetadata } from '../states/sdk-metadata.ts';
import { validateDefinition } from '../states/validation.ts';
import { PAYLOAD_LIMIT } from '../states/json.ts';
import { describeExecution, describeMachine, historyEvent, listedExecution, payloadsOf } from './execution-answers.ts';
import { pageOf } from './pages.ts';
import { QUOTAS } from './quotas.ts';
import { AwsError, ownName } from './service.ts';
import type { Caller, Service } from './service.ts';

const arn = z.string().min(1).max(256);
const payload = z.string().refine((text) => Buffer.byteLength(text) <= PAYLOAD_LIMIT, {
  message: `Member must have length less than or equal to ${PAYLOAD_LIMIT}`,
});
const start = z.strictObject({
  stateMachineArn: arn,
  name: z.string().min(1).max(QUOTAS.executionName.value).optional(),
  input: payload.default('{}'),
});
const taskToken = z.string().min(1).max(QUOTAS.taskToken.value);
const success = z.strictObject({ taskToken, output: payload });
const why = {
  error: z.string().max(QUOTAS.errorName.value).optional(),
  cause: z.string().max(QUOTAS.errorCause.value).optional(),
};
const failure = z.strictObject({ taskToken, ...why });
const oneExecution = z.strictObject({ executionArn: arn });
const oneMachine = z.strictObject({ stateMachineArn: arn });
const stop = oneExecution.extend(why);
const page = { maxResults: z.number().int().min(0).max(1000).optional(), nextToken: z.string().min(1).optional() };
const list = z.strictObject({
  stateMachineArn: arn,
  statusFilter: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']).optional(),
  ...page,
});
const members = z.record(z.string(), z.unknown());
const started = z.object({ executionArn: z.string() });
/** What of Lambda's Invoke the integration is given. */
const invocation = z.strictObject({ FunctionName: z.string(), Payload: z.unknown() });
const machineList = z.strictObject(page);
const historyAsked = oneExecution.extend({
  ...page,
  reverseOrder: z.boolean().default(false),
  includeExecutionData: z.boolean().optional(),
});

/** How an integration names what a service answered; the second argument is the id of the request. */
type ErrorNames = (error: AwsError, requestId: string) => StatesError;

export interface StatesOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly machines: readonly StackStateMachine[];
  readonly lambda: Lambda;
  /** A call that an SDK integration makes: `ssm`, `SendCommand`, its arguments. */
  readonly call: (
    service: string,
    operation: string,
    input: Record<string, unknown>,
    caller: Caller,
  ) => Promise<unknown>;
  /** @throws {AwsError} where the machine may not */
  readonly authorize: (caller: Caller, service: string, operation: string, input: Record<string, unknown>) => void;
  readonly emit: (event: { 'detail-type': string; resources: string[]; detail: Record<string, unknown> }) => void;
  readonly onEvent: (execution: Execution, event: HistoryEvent) => void;
}

export class States implements Service {
  readonly name = 'states';
  readonly executions = new Map<string, Execution>();
  readonly operations = {
    StartExecution: (input: Record<string, unknown>) => this.#startExecution(start.parse(input)),
    SendTaskSuccess: (input: Record<string, unknown>) => {
      const { taskToken, output } = success.parse(input);
      return this.#withToken(taskToken, (execution) => {
        execution.sendTaskSuccess(taskToken, parseJson(output, 'InvalidOutput'));
      });
    },
    SendTaskFailure: (input: Record<string, unknown>) => {
      const { taskToken, error, cause } = failure.parse(input);
      return this.#withToken(taskToken, (execution) => {
        execution.sendTaskFailure(taskToken, error, cause);
      });
    },
    DescribeExecution: (input: Record<string, unknown>) =>
      describeExecution(this.#find(oneExecution.parse(input).executionArn)),
    GetExecutionHistory: (input: Record<string, unknown>) => this.#history(historyAsked.parse(input)),
    StopExecution: (input: Record<string, unknown>) => {
      const { executionArn, error, cause } = stop.parse(input);
      this.#find(executionArn).stop(error, cause);
      return { stopDate: this.#options.clock.now() / 1000 };
    },
    ListExecutions: (input: Record<string, unknown>) => this.#list(list.parse(input)),
    ListStateMachines: (input: Record<string, unknown>) => this.#listMachines(machineList.parse(input)),
    ValidateStateMachineDefinition: validateDefinition,
    DescribeStateMachine: (input: Record<string, unknown>) =>
      describeMachine(this.#machine(oneMachine.parse(input).stateMachineArn), this.#options.clock.start),
  };

  readonly #options: StatesOptions;
  #definitions: ReadonlyMap<string, Definition>;
  #machines: readonly StackStateMachine[];
  readonly #runtime: StatesRuntime;
  /** Of dice of their own: with them or without, a seed gives the same ids and the same jitter. */
  readonly #requestIds = seededRandom(0);
  /** Task tokens, and the ARN of the execution that each was given to. */
  readonly #owners = new Map<string, string>();

  constructor(options: StatesOptions) {
    this.#options = options;
    this.#machines = options.machines;
    this.#definitions = definitionsOf(options.machines);
    const { clock, random } = options;
    this.#runtime = {
      now: () => clock.now(),
      schedule: (delay, wake) => clock.schedule(delay, wake),
      random: () => random.next(),
      newTaskToken: () => `token-${random.hex(32)}`,
      call: (task) => this.#call(task),
    };
  }

  /** From here on these are deployed. Executions that run go on by the definition that they began with. */
  deploy(machines: readonly StackStateMachine[]): void {
    this.#machines = machines;
    this.#definitions = definitionsOf(machines);
  }

  /** @throws DefinitionError where a machine calls what the lab does not answer */
  checkIntegrations(knows: (call: string) => boolean): void {
    for (const definition of this.#definitions.values()) {
      checkIntegrations(definition, knows);
    }
  }

  /** @throws {AwsError} as StartExecution does */
  start(stateMachineArn: string, name: string | undefined, input: unknown): Execution {
    const machine = this.#machine(stateMachineArn);
    const definition = this.#definitions.get(stateMachineArn);
    if (definition === undefined) {
      throw noMachine(stateMachineArn);
    }
    checkName(name);
    const named = name ?? this.#options.random.uuid();
    const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${named}`;
    const old = this.executions.get(executionArn);
    if (old !== undefined) {
      if (old.status === 'RUNNING' && JSON.stringify(old.input) === JSON.stringify(input)) {
        return old;
      }
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    }
    const execution: Execution = new Execution({
      definition,
      arn: executionArn,
      name: named,
      stateMachine: { arn: machine.arn, name: machine.name },
      roleArn: machine.roleArn,
      input,
      runtime: { ...this.#runtime, newTaskToken: () => this.#newTaskToken(executionArn) },
      onEvent: (event) => {
        // The first event comes while the execution is still being made.
        queueMicrotask(() => {
          this.#options.onEvent(execution, event);
        });
      },
    });
    this.executions.set(executionArn, execution);
    void execution.done.then(() => {
      this.#announce(execution);
    });
    return execution;
  }

  #machine(stateMachineArn: string): StackStateMachine {
    const machine = this.#machines.find((one) => one.arn === stateMachineArn);
    if (machine === undefined) {
      throw noMachine(stateMachineArn);
    }
    return machine;
  }

  #newTaskToken(executionArn: string): string {
    const taskToken = this.#runtime.newTaskToken();
    this.#owners.set(taskToken, executionArn);
    return taskToken;
  }

  #announce(execution: Execution): void {
    this.#options.emit({
      'detail-type': 'Step Functions Execution Status Change',
      resources: [execution.arn],
      detail: {
        executionArn: execution.arn,
        stateMachineArn: execution.stateMachine.arn,
        name: execution.name,
        status: execution.status,
        startDate: execution.startDate,
        stopDate: execution.stopDate ?? null,
        ...payloadsOf(execution),
        error: execution.error ?? null,
        cause: execution.cause ?? null,
      },
    });
  }

  async #call(task: TaskCall): Promise<unknown> {
    const { resource, arguments: given } = task;
    const input = members.parse(given);
    if (resource.startsWith('arn:aws:states:::lambda:invoke')) {
      return this.#invoke(input, task);
    }
    if (resource === 'arn:aws:states:::states:startExecution') {
      return this.#startFromTask(input, task);
    }
    const [, service, action] =
      /^arn:aws:states:::aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)(?:\.waitForTaskToken)?$/.exec(resource) ?? [];
    if (service === undefined || action === undefined) {
      throw new Error(`the lab has no integration for ${resource}`);
    }
    return this.#sdkCall(service, action, input, task);
  }

  async #invoke(input: Record<string, unknown>, task: TaskCall): Promise<unknown> {
    const { FunctionName: name, Payload: payload } = invocation.parse(input);
    try {
      this.#options.authorize(callerOf(task), 'lambda', 'InvokeFunction', input);
      if (!this.#options.lambda.has(name)) {
        throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
      }
    } catch (error) {
      throw this.#named(error, (known, id) => optimizedError('lambda', known, id));
    }
    const outcome = await this.#options.lambda.invoke(name, payload);
    if (!outcome.ok) {
      const { errorType, errorMessage } = outcome;
      throw new StatesError(errorType, JSON.stringify({ errorType, errorMessage, trace: [] }));
    }
    const { payload: answer } = outcome;
    const more = {
      'X-Amz-Executed-Version': '$LATEST',
      'X-Amzn-Trace-Id': `Root=1-${this.#requestIds.hex(8)}-${this.#requestIds.hex(24)};Parent=${this.#requestIds.hex(16)};Sampled=0`,
      'x-amzn-Remapped-Content-Length': '0',
    };
    const metadata = this.#metadata(JSON.stringify(answer), 'application/json', more);
    return { ExecutedVersion: '$LATEST', Payload: answer, ...metadata, StatusCode: 200 };
  }

  async #startFromTask(input: Record<string, unknown>, task: TaskCall): Promise<unknown> {
    const { StateMachineArn: stateMachineArn, Name: name, Input: given } = input;
    const call = { stateMachineArn, name, input: JSON.stringify(given ?? {}) };
    const answer = await this.#integrate('states', 'StartExecution', call, task, (error, id) =>
      optimizedError('states', error, id),
    );
    const { executionArn } = started.parse(answer);
    return {
      ExecutionArn: executionArn,
      ...this.#metadata(JSON.stringify(answer), 'application/x-amz-json-1.0'),
      StartDate: new Date(this.#options.clock.now()).toISOString(),
    };
  }

  #metadata(body: string, contentType: string, more: Readonly<Record<string, string>> = {}): Record<string, unknown> {
    const { clock } = this.#options;
    const bytes = Buffer.byteLength(body);
    return sdkMetadata({ requestId: this.#requestIds.uuid(), at: clock.now(), bytes, contentType, more });
  }

  async #sdkCall(service: string, action: string, input: Record<string, unknown>, task: TaskCall): Promise<unknown> {
    const operation = action.charAt(0).toUpperCase() + action.slice(1);
    return this.#integrate(service, operation, input, task, (error, id) => sdkError(ownName(service), error, id));
  }

  async #integrate(
    service: string,
    operation: string,
    input: Record<string, unknown>,
    task: TaskCall,
    name: ErrorNames,
  ): Promise<unknown> {
    try {
      return await this.#options.call(service, operation, input, callerOf(task));
    } catch (error) {
      throw this.#named(error, name);
    }
  }

  #named(error: unknown, name: ErrorNames): unknown {
    return error instanceof AwsError ? name(error, this.#requestIds.uuid()) : error;
  }

  #startExecution({ stateMachineArn, name, input }: z.infer<typeof start>): unknown {
    const { arn: executionArn, startDate } = this.start(
      stateMachineArn,
      name,
      parseJson(input, 'InvalidExecutionInput'),
    );
    return { executionArn, startDate: startDate / 1000 };
  }

  #withToken(taskToken: string, use: (execution: Execution) => void): unknown {
    const owner = this.executions.get(this.#owners.get(taskToken) ?? '');
    if (owner === undefined) {
      throw new AwsError('InvalidToken', 'Invalid Token');
    }
    try {
      use(owner);
    } catch (error) {
      if (error instanceof TaskTokenError) {
        throw new AwsError(error.name, error.message);
      }
      throw error;
    }
    return {};
  }

  #find(executionArn: string): Execution {
    const execution = this.executions.get(executionArn);
    if (execution === undefined) {
      throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    }
    return execution;
  }

  #history({ executionArn, maxResults: limit, nextToken: token, reverseOrder }: z.infer<typeof historyAsked>): unknown {
    const { history } = this.#find(executionArn);
    const wanted = reverseOrder ? history.toReversed() : history;
    const { items, next } = pageOf(wanted, { limit, token }, 100, 'InvalidToken');
    const events = items.map(historyEvent);
    return { events, ...(next === undefined ? {} : { nextToken: next }) };
  }

  #listMachines({ maxResults: limit, nextToken: token }: z.infer<typeof machineList>): unknown {
    const { items, next } = pageOf(this.#machines, { limit, token }, 100, 'InvalidToken');
    const creationDate = this.#options.clock.start / 1000;
    return {
      stateMachines: items.map((one) => ({
        name: one.name,
        stateMachineArn: one.arn,
        type: 'STANDARD',
        creationDate,
      })),
      ...(next === undefined ? {} : { nextToken: next }),
    };
  }

  #list({ stateMachineArn, statusFilter, maxResults: limit, nextToken: token }: z.infer<typeof list>): unknown {
    this.#machine(stateMachineArn);
    const found = [...this.executions.values()]
      .filter((one) => one.stateMachine.arn === stateMachineArn)
      .filter((one) => statusFilter === undefined || one.status === statusFilter);
    const { items, next } = pageOf(found.toReversed(), { limit, token }, 100, 'InvalidToken');
    return {
      ...(next === undefined ? {} : { nextToken: next }),
      executions: items.map(listedExecution),
    };
  }
}

const definitionsOf = (machines: readonly StackStateMachine[]): ReadonlyMap<string, Definition> =>
  new Map(machines.map((machine) => [machine.arn, deployedDefinition(machine.definition)]));

const noMachine = (stateMachineArn: string): AwsError =>
  new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);

/** White space, brackets, wildcards, special and control characters. */
function checkName(name: string | undefined): void {
  // eslint-disable-next-line no-control-regex -- they are what is forbidden
  if (name !== undefined && /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/.test(name)) {
    throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  }
}

const callerOf = ({ execution }: TaskCall): Caller => ({ kind: 'machine', name: execution.arn.split(':')[6] ?? '' });

function parseJson(text: string, code: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError(code, 'not JSON');
  }
}
