// The lab: a deployed stack, and AWS around it, in one process.
import { Clock } from './time/clock.ts';
import { Endpoint } from './aws/endpoint.ts';
import { EventBus } from './aws/events/bus.ts';
import { Console } from './console/console.ts';
import { answerHere } from './console/hands.ts';
import { listen } from './aws/http-server.ts';
import type { Listening, Serve } from './aws/http-server.ts';
import { waysOf } from './aws/cloudformation/vpc-ways.ts';
import { securityGroupsOf } from './aws/cloudformation/security-groups.ts';
import { CloudFormation } from './aws/cloudformation/cloudformation.ts';
import { enforce } from './aws/iam/enforce.ts';
import type { Enforcement } from './aws/iam/enforce.ts';
import { keyArns } from './aws/iam/iam.ts';
import type { Iam } from './aws/iam/iam.ts';
import { keepCode } from './aws/bundle.ts';
import { Lambda } from './aws/lambda.ts';
import { retriesOf } from './aws/lambda-retries.ts';
import type { Latencies } from './aws/latencies.ts';
import { InstanceTimes } from './instance-times.ts';
import type { LabOptions } from './options.ts';
import type { MachineSurroundings, Machines, SwarmView } from './nodes/machines.ts';
import { seededRandom } from './time/random.ts';
import type { Random } from './time/random.ts';
import { AutoScaling } from './aws/services/auto-scaling.ts';
import { hasWhatItWants } from './aws/services/replacement.ts';
import { iamApi } from './aws/iam/api.ts';
import { deliver } from './delivery.ts';
import { undeploy } from './deployment.ts';
import { autoScalingApi } from './aws/services/auto-scaling-api.ts';
import { readDocument } from './aws/services/document.ts';
import { DynamoDb } from './aws/services/dynamodb.ts';
import { Ec2 } from './aws/services/ec2.ts';
import type { Instance } from './aws/services/instance.ts';
import { InstanceMetadata } from './aws/services/instance-metadata.ts';
import type { InstanceRole } from './aws/services/instance-metadata.ts';
import { Throttles, agentLimitsOf } from './aws/services/throttles.ts';
import { lagsOf } from './aws/services/lagging.ts';
import { ShownMembers } from './aws/services/shown-members.ts';
import { ParameterStore } from './aws/services/parameter-store.ts';
import { Route53 } from './aws/services/route53.ts';
import { RunCommand } from './aws/services/run-command.ts';
import { securityToken } from './aws/services/security-token.ts';
import { States } from './aws/services/states.ts';
import { beside, type Stack } from './aws/stack/stack.ts';
import type { Execution } from './aws/states/execution.ts';
import type { HistoryEvent } from './aws/states/history.ts';
import { INSTANCE_LABEL } from '../src/core/labels.ts';

/** Where virtual time begins: any date will do, but the same for every run. */
const EPOCH = Date.parse('2026-01-01T00:00:00Z');

/** Room for executions to be woken before one asks whether anything still runs. */
const QUIET = 3000;

/** What a source of events calls, without its name. */
type Emit = (event: { 'detail-type': string; resources: string[]; detail: Record<string, unknown> }) => void;

export class Lab {
  stack: Stack;
  /** The release before this one, where a scenario updates from it. */
  release: Stack | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly machines: Machines;
  readonly ec2: Ec2;
  readonly route53: Route53;
  readonly autoScaling: AutoScaling;
  readonly throttles: Throttles;
  readonly runCommand: RunCommand;
  readonly states: States;
  readonly bus: EventBus;
  readonly endpoint: Endpoint;
  readonly console: Console;
  readonly lambda: Lambda;
  readonly iam: Iam;
  readonly profiles: Enforcement['profiles'];
  readonly cloudFormation: CloudFormation;
  readonly instanceTimes = new InstanceTimes();
  /** What answers at `url`, without a socket. */
  readonly serve: Serve;
  /** Executions to be stopped, as a person would, when they enter a state: one each. */
  readonly stopAt: { readonly machineArn: string; readonly state: string }[] = [];
  /** Errors that nothing in the stack can cause: bugs of the lab, or of a machine. A run with any is not ok. */
  readonly defects: string[] = [];
  #closing = false;
  readonly tables = new DynamoDb();
  readonly #shown: ShownMembers;
  readonly #onBehalf: Enforcement['onBehalf'];
  readonly parameterStore: ParameterStore;
  readonly #latencies: Latencies;
  /** All stacks as one. */
  readonly #account: Stack;
  #listening: Listening | undefined;

  private constructor(options: LabOptions, listening: Listening, serve: Serve) {
    const { stack, latencies } = options;
    this.stack = stack;
    this.#account = beside(stack, options.beside ?? []);
    this.#latencies = latencies;
    this.#listening = listening;
    this.serve = serve;
    this.clock = new Clock({ virtual: options.virtual, start: options.virtual ? EPOCH : Date.now() });
    this.random = seededRandom(options.seed);
    const watched = { clock: this.clock, random: this.random, stack: this.#account };
    this.console = new Console({ ...watched, deadLetters: () => this.bus.deadLetters });
    this.machines = options.machines({ clock: this.clock, random: this.random, surroundings: this.#surroundings() });
    const lag = lagsOf(options, options.limits?.lag);
    const { clock, random, machines } = this;
    this.#shown = new ShownMembers(clock, lag.groups);
    this.ec2 = new Ec2({ clock, random, machines, onDefect: this.#note, lag: lag.instances });
    this.ec2.emit = this.#emitter('aws.ec2');
    this.ec2.onState = (instance) => {
      this.#instanceChanged(instance);
    };
    this.autoScaling = this.#makeAutoScaling(options);
    this.route53 = new Route53(this.clock, seededRandom(options.seed));
    this.throttles = new Throttles(this.clock, options.limits ?? {});
    this.parameterStore = new ParameterStore(keyArns(this.#account.keys), this.throttles);
    const { ec2, autoScaling } = this;
    const sources = { clock, ec2, autoScaling, parameterStore: this.parameterStore };
    const { limits, onNeeded, beside: others = [] } = options;
    const enforced = enforce(stack, others, { ...sources, resourceTags: limits?.resourceTags, onNeeded });
    this.iam = enforced.iam;
    this.profiles = enforced.profiles;
    this.#onBehalf = enforced.onBehalf;
    this.cloudFormation = new CloudFormation({
      ...{ clock, autoScaling, route53: this.route53 },
      profiles: enforced.profiles,
      deployed: [stack, ...others],
      undeploy: () => {
        undeploy(this);
      },
      // Of its own: what it draws changes nothing in a run that does not use it.
      random: seededRandom(options.seed),
    });
    this.ec2.securityGroups = () => securityGroupsOf(this.cloudFormation.account);
    this.ec2.ways = () => waysOf(this.cloudFormation.account);
    this.console.alarms.onAlarm = autoScaling.heardAlarm;
    this.console.mayNotify = (alarm, topic) => enforced.onBehalf.mayNotify(alarm, topic);
    this.runCommand = this.#makeRunCommand(options, lag.invocations);
    this.lambda = this.#makeLambda(options, listening.url, serve);
    this.states = this.#makeStates(options);
    this.endpoint = this.#makeEndpoint();
    this.states.checkIntegrations((call) => this.endpoint.knows(call));
    this.bus = this.#makeBus();
  }

  static async open(options: LabOptions): Promise<Lab> {
    // Functions are given the endpoint's address when they are loaded, so the port comes before what answers on it.
    const early: { serve: Serve } = { serve: () => Promise.resolve({ status: 503, headers: {}, body: '' }) };
    const serve: Serve = (request) => early.serve(request);
    const listening = await listen(serve, options.port ?? 0);
    let lab: Lab;
    try {
      lab = new Lab(options, listening, serve);
    } catch (error) {
      await listening.close();
      throw error;
    }
    early.serve = (request) => answerHere(lab, request) ?? lab.endpoint.serve(request);
    try {
      for (const put of lab.console.webhookParameters(lab.url)) {
        await lab.endpoint.call('ssm', 'PutParameter', put, { kind: 'person', name: 'lab' });
      }
      await lab.tables.open([options.stack, ...(options.beside ?? [])].map(({ table }) => table));
      await lab.machines.open();
      lab.bus.startSchedules();
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** What is cut off while the lab closes is no defect. */
  readonly #note = (error: unknown): void => {
    if (!this.#closing) {
      this.defects.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  };

  #emitter(source: string): Emit {
    return (event) => {
      this.bus.put({ source, ...event });
    };
  }

  #surroundings(): MachineSurroundings {
    return {
      metadata: (instanceId, request) => this.metadata(instanceId, request),
      aws: (request) => this.endpoint.handle(request),
    };
  }

  /** What 169.254.169.254 answers to the instance. */
  metadata(instanceId: string, request: Request): Promise<Response> {
    const roleOf = (id: string): InstanceRole | undefined => this.iam.instanceRole(id);
    const metadata = new InstanceMetadata(this.ec2, this.stack.region, roleOf, this.clock);
    return Promise.resolve(metadata.answer(instanceId, request));
  }

  #makeAutoScaling(options: LabOptions): AutoScaling {
    return new AutoScaling({
      clock: this.clock,
      random: this.random,
      ec2: this.ec2,
      healthCheckEvery: this.#latencies.healthCheck,
      emit: this.#emitter('aws.autoscaling'),
      onMember: (group, member) => {
        this.instanceTimes.note(group, member, this.clock.now());
        this.#shown.note(group, member);
        options.onMember?.(group, member);
      },
    });
  }

  #makeRunCommand(options: LabOptions, lag: () => number): RunCommand {
    return new RunCommand({
      clock: this.clock,
      random: this.random,
      ec2: this.ec2,
      machines: this.machines,
      documents: this.#account.documents.map(readDocument),
      deliveryLatency: this.#latencies.delivery,
      throttles: this.throttles,
      mayRegister: (instanceId) => this.#onBehalf.mayRegister(instanceId) && this.ec2.reachesSystemsManager(instanceId),
      agentLimits: agentLimitsOf(options),
      ...{ listsPending: options.limits?.listsPending, lag },
      emit: this.#emitter('aws.ssm'),
      onDefect: this.#note,
    });
  }

  #makeLambda(options: LabOptions, endpoint: string, serve: Serve): Lambda {
    return new Lambda({
      clock: this.clock,
      random: this.random,
      functions: this.#account.functions,
      endpoint,
      serve,
      region: this.stack.region,
      onEnd: (name, ok) => {
        this.console.functionEnded(name, ok);
      },
      credentials: (name) => this.iam.keys.issue({ kind: 'function', name }),
      onLog: (name, line) => {
        if (!this.#onBehalf.mayLog(name)) {
          return;
        }
        this.console.alarms.read(line);
        if (this.console.webhook.isIn(line)) this.#note(new Error(`${name} logs the URL of the webhook`));
        options.onLog?.(name, line);
      },
    });
  }

  #makeStates(options: LabOptions): States {
    return new States({
      clock: this.clock,
      random: this.random,
      machines: this.#account.stateMachines,
      lambda: this.lambda,
      call: (service, operation, input, caller) => this.endpoint.call(service, operation, input, caller),
      authorize: (...call) => {
        this.iam.authorize(...call);
      },
      emit: this.#emitter('aws.states'),
      onEvent: (execution, event) => {
        this.#stopWhereAsked(execution, event);
        this.console.executionDid(execution.stateMachine.arn, event.type);
        options.onExecution?.(execution, event);
      },
    });
  }

  #stopWhereAsked(execution: Execution, { type, state }: HistoryEvent): void {
    const asked = this.stopAt.findIndex((one) => one.machineArn === execution.stateMachine.arn && one.state === state);
    if (asked !== -1 && type.endsWith('StateEntered')) {
      this.stopAt.splice(asked, 1);
      execution.stop('Stopped', `the scenario stopped it in ${state ?? ''}`);
    }
  }

  #makeEndpoint(): Endpoint {
    const { iam, autoScaling, ec2, runCommand, states } = this;
    const { topics, queues } = this.console;
    const iamOf = iamApi(this.profiles, () => this.stack.managedPolicies, iam);
    const ofSsm = [runCommand, ...runCommand.ofAgents, this.parameterStore];
    const begun = () => ({ ActivityId: this.random.uuid(), StartTime: new Date(this.clock.now()) });
    const groups = autoScalingApi(autoScaling, this.#shown, { begun, alarms: this.console.alarms });
    const sts = securityToken(this.stack.account, (caller) => iam.arnOf(caller));
    return new Endpoint({
      services: [groups, ec2, ...ofSsm, states, sts, topics, queues, this.route53, this.cloudFormation.api, iamOf],
      dynamodb: this.tables,
      gate: iam,
      clock: this.clock,
      random: this.random,
    });
  }

  #makeBus(): EventBus {
    const { rules, region, account } = this.#account;
    return new EventBus({
      clock: this.clock,
      random: this.random,
      rules,
      region,
      account,
      latency: this.#latencies.event,
      onDeadLetter: (count) => {
        this.console.letterDied(count);
      },
      asynchronous: ({ arn }) => retriesOf(this.#account, arn),
      deliver: (target, event) => deliver(this, target, event),
      mayDeliver: (rule, target) => this.#onBehalf.mayDeliver(rule, target),
      mayBury: (rule, target, failed) =>
        failed ? this.#onBehalf.mayReportFailure(target.arn) : this.#onBehalf.mayBury(rule, target),
    });
  }

  get url(): string {
    return this.#listening?.url ?? '';
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.clock.stop();
    this.lambda.close();
    await this.machines.close();
    await this.tables.close();
    await this.#listening?.close();
    this.#listening = undefined;
    keepCode();
  }

  get executions(): readonly Execution[] {
    return [...this.states.executions.values()];
  }

  /** Nothing runs, no instance is on its way, and every group has what it wants. */
  isIdle(): boolean {
    const isRunning = (instanceId: string): boolean => this.ec2.isRunning(instanceId);
    const groupsDone = [...this.autoScaling.groups.values()].every((group) => hasWhatItWants(group, isRunning));
    return (
      groupsDone && this.autoScaling.actions.size === 0 && this.executions.every(({ status }) => status !== 'RUNNING')
    );
  }

  /** Lets time pass until the lab is idle. @returns false if it is not within the limit, ms */
  async runUntilIdle(limit: number): Promise<boolean> {
    await this.clock.advance(Math.min(limit, this.#latencies.event * 2 + (this.clock.virtual ? QUIET : 0)));
    return this.clock.until(() => this.isIdle(), limit);
  }

  /** The swarm as any of its managers sees it; undefined while there is none. Of groups that are not named nobody is asked. */
  async view(cluster: string, among?: ReadonlySet<string>): Promise<SwarmView | undefined> {
    for (const { name, members, tags } of this.autoScaling.groups.values()) {
      const asked = among === undefined || among.has(name);
      if (!asked || tags['skep:cluster'] !== cluster || tags['skep:role'] !== 'manager') {
        continue;
      }
      for (const { instanceId } of members.values()) {
        try {
          return await this.machines.view(instanceId);
        } catch {
          // Not in a swarm, or not up: another manager may be.
        }
      }
    }
    return undefined;
  }

  /** A manager's instance that answers for the swarm. */
  async managerInstance(cluster: string): Promise<string | undefined> {
    const view = await this.view(cluster);
    return view?.nodes.find(({ reachability }) => reachability === 'leader')?.labels[INSTANCE_LABEL];
  }

  #instanceChanged({ instanceId, state }: Instance): void {
    if (state === 'stopped') {
      this.runCommand.agent(instanceId).poweredOff();
      this.autoScaling.stopped(instanceId);
    }
    if (state !== 'running') {
      return;
    }
    const group = this.autoScaling.groupOf(instanceId);
    this.clock.schedule(this.#latencies.boot, () => {
      this.autoScaling.started(instanceId);
    });
    this.clock.schedule(this.#latencies.boot + (group?.machine.agentAfter ?? 0), () => {
      this.runCommand.start(instanceId);
    });
  }
}
