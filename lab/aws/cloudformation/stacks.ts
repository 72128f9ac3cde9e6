// The stacks of an account: what CloudFormation is asked to do with them, and what it refuses.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import { AwsError } from '../services/service.ts';
import type { Place, StackOutput, StackPart } from '../stack/stack.ts';
import type { Account } from './account.ts';
import { checkCapabilities } from './capabilities.ts';
import type { ChangeSet, StackOptions } from './change-set.ts';
import { changesOf } from './changes.ts';
import { Deployment } from './deployment.ts';
import { exportProblem, exportsOf, importersOf } from './exports.ts';
import type { Export } from './exports.ts';
import { notThere, parameterValues } from './parameters.ts';
import type { GivenRemoval } from './given-removal.ts';
import type { GivenParameter } from './parameters.ts';
import type { Provisioner } from './provisioner.ts';
import { deleteStack } from './removal.ts';
import { isType } from './schemas.ts';
import { StackRecord } from './stack-record.ts';
import { Blueprint, parseTemplate } from './template.ts';
import type { Template } from './template.ts';

interface Parts {
  readonly place: Place;
  readonly clock: Clock;
  readonly random: Random;
  readonly account: Account;
  readonly provisioner: Provisioner;
  readonly given: GivenRemoval;
  /** Of a template, bytes: more than what comes with a request where templates lie in a bucket. */
  readonly longest?: number;
}

/** A stack that something else has deployed. */
interface GivenStack {
  readonly name: string;
  readonly outputs: readonly StackOutput[];
  readonly parts: readonly StackPart[];
}

interface ChangeSetRequest {
  readonly stackName: string;
  readonly name: string;
  readonly kind: 'CREATE' | 'UPDATE';
  readonly description: string | undefined;
  /** Undefined: that of the stack. */
  readonly template: string | undefined;
  readonly parameters: readonly GivenParameter[];
  readonly options: StackOptions;
}

/** A stack that is made or changed at once. */
export interface StackRequest {
  readonly stackName: string;
  /** Undefined: that of the stack. */
  readonly template: string | undefined;
  readonly parameters: readonly GivenParameter[];
  readonly options: StackOptions;
  readonly disableRollback: boolean;
  /** Stands in its events. */
  readonly token: string | undefined;
}

type Wish = Pick<ChangeSet, 'kind' | 'template' | 'blueprint' | 'options'>;

interface Found {
  readonly stack: StackRecord;
  readonly set: ChangeSet;
}

/** Until a change set is made, ms. */
const MAKING = 2000;
const UPDATABLE = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'IMPORT_COMPLETE'];
const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

const refused = (message: string): AwsError => new AwsError('ValidationError', message);

export class Stacks {
  /** Those that are deleted, too. */
  readonly all: StackRecord[] = [];
  readonly provisioner: Provisioner;
  readonly #parts: Parts;

  constructor(parts: Parts, given: readonly GivenStack[]) {
    this.#parts = parts;
    this.provisioner = parts.provisioner;
    for (const { name, outputs, parts: resources } of given) {
      const stack = new StackRecord(name, this.#arn, { ...parts, isGiven: true });
      stack.outputs = outputs;
      stack.give(resources);
      stack.become('CREATE_COMPLETE');
      this.all.push(stack);
    }
  }

  readonly #arn = (rest: string): string => {
    const { partition, region, account } = this.#parts.place;
    return `arn:${partition}:cloudformation:${region}:${account}:${rest}`;
  };

  /** By name, those that are there; by id, also those that were. */
  search(nameOrId: string): StackRecord | undefined {
    return this.all.find(({ id, name, isGone }) => id === nameOrId || (name === nameOrId && !isGone));
  }

  /** @throws {AwsError} */
  find(nameOrId: string, message = `Stack with id ${nameOrId} does not exist`): StackRecord {
    const found = this.search(nameOrId);
    if (found === undefined) {
      throw refused(message);
    }
    return found;
  }

  /** @throws {AwsError} */
  changeSet(nameOrId: string, stackName: string | undefined): Found {
    const found = this.#searchChangeSet(nameOrId, stackName);
    if (found === undefined) {
      throw new AwsError('ChangeSetNotFound', `ChangeSet [${nameOrId}] does not exist`, 404);
    }
    return found;
  }

  /** One that there is not is deleted already. @throws {AwsError} */
  deleteChangeSet(nameOrId: string, stackName: string | undefined): void {
    const found = this.#searchChangeSet(nameOrId, stackName);
    found?.stack.changeSets.delete(found.set.id);
  }

  /** By its id, or by its name within its stack. @throws {AwsError} where there is no such stack */
  #searchChangeSet(nameOrId: string, stackName: string | undefined): Found | undefined {
    const among = stackName === undefined ? this.all : [this.find(stackName, `Stack [${stackName}] does not exist`)];
    const all = among.flatMap((stack) => [...stack.changeSets.values()].map((set) => ({ stack, set })));
    return all.find(({ set }) => set.id === nameOrId || (stackName !== undefined && set.name === nameOrId));
  }

  /** @throws {AwsError} */
  createChangeSet(request: ChangeSetRequest): Found {
    const there = this.#forChangeSet(request);
    const text = request.template ?? there?.template ?? '';
    const template = this.parse(text);
    const previous = there?.blueprint?.parameters ?? new Map<string, string>();
    const values = parameterValues(template.Parameters, request.parameters, previous);
    checkCapabilities(template, request.options.capabilities);
    const stack = there ?? new StackRecord(request.stackName, this.#arn, this.#parts);
    const blueprint = this.#blueprint(stack, template, values, request.options);
    if (there === undefined) {
      stack.become('REVIEW_IN_PROGRESS', 'User Initiated');
      this.all.push(stack);
    }
    const set: ChangeSet = {
      id: this.#arn(`changeSet/${request.name}/${this.#parts.random.uuid()}`),
      ...{ name: request.name, kind: request.kind, description: request.description, options: request.options },
      createdAt: this.#parts.clock.now(),
      template: text,
      blueprint,
      status: 'CREATE_PENDING',
      reason: undefined,
      execution: 'UNAVAILABLE',
      changes: [],
    };
    stack.changeSets.set(set.id, set);
    this.#parts.clock.schedule(MAKING, () => {
      this.#fill(stack, set);
    });
    return { stack, set };
  }

  /** Undefined: there is none yet. */
  #forChangeSet(request: ChangeSetRequest): StackRecord | undefined {
    const { stackName, kind, name } = request;
    const there = this.search(stackName);
    this.#refuseGiven(there);
    if (kind === 'UPDATE') {
      this.#checkUpdatable(stackName, there);
    } else {
      checkCreatable(request, there);
    }
    if (there !== undefined && [...there.changeSets.values()].some((set) => set.name === name)) {
      throw new AwsError('AlreadyExistsException', `ChangeSet [${name}] already exists`);
    }
    return there;
  }

  #refuseGiven(there: StackRecord | undefined): void {
    if (there?.isGiven === true) {
      throw refused(`the lab does not update ${there.name}: it is skep's own stack, deployed from serverless.yml`);
    }
  }

  #checkUpdatable(stackName: string, there: StackRecord | undefined): void {
    if (there === undefined) {
      throw refused(`Stack [${stackName}] does not exist`);
    }
    if (!UPDATABLE.includes(there.status)) {
      throw refused(`Stack:${there.id} is in ${there.status} state and can not be updated.`);
    }
  }

  /** @throws {AwsError} also for types of resources that the lab does not know */
  parse(text: string): Template {
    const template = parseTemplate(text, this.#parts.longest);
    const types = [...new Set(Object.values(template.Resources).map(({ Type }) => Type))];
    const nobodys = types.filter((type) => !isType(type));
    if (nobodys.length > 0) {
      throw refused(`Template format error: Unrecognized resource types: [${nobodys.join(', ')}]`);
    }
    const unknown = types.filter((type) => !this.provisioner.knows(type));
    if (unknown.length > 0) {
      throw refused(`the lab does not know the resource types: [${unknown.join(', ')}]`);
    }
    return template;
  }

  #blueprint(
    stack: StackRecord,
    template: Template,
    values: ReadonlyMap<string, string>,
    { notificationArns }: StackOptions,
  ): Blueprint {
    const { place, account } = this.#parts;
    return new Blueprint(template, values, {
      ...place,
      ...{ stackName: stack.name, stackId: stack.id, notificationArns, zones: account.zones },
      importValue: (name) => {
        const found = this.exports.find(({ output }) => output.exportName === name);
        if (found === undefined) throw refused(`No export named ${name} found`);
        return found.output.value;
      },
    });
  }

  get exports(): readonly Export[] {
    return exportsOf(this.all);
  }

  importersOf(name: string): readonly string[] {
    return importersOf(this.all, name);
  }

  #fill(stack: StackRecord, set: ChangeSet): void {
    try {
      set.changes = changesOf(stack, set.blueprint);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Object.assign(set, { status: 'FAILED', reason: error.message });
      return;
    }
    const same = set.changes.length === 0 && set.kind === 'UPDATE' && isAsBefore(stack, set);
    Object.assign(
      set,
      same ? { status: 'FAILED', reason: NO_CHANGES } : { status: 'CREATE_COMPLETE', execution: 'AVAILABLE' },
    );
  }

  /** @throws {AwsError} */
  execute(stack: StackRecord, set: ChangeSet, disableRollback: boolean, token?: string): void {
    if (set.status !== 'CREATE_COMPLETE' || set.execution !== 'AVAILABLE') {
      const state = set.status === 'CREATE_COMPLETE' ? set.execution : set.status;
      throw new AwsError(
        'InvalidChangeSetStatus',
        `ChangeSet [${set.id}] cannot be executed in its current status of [${state}]`,
      );
    }
    if (set.kind === 'UPDATE') {
      this.#checkUpdatable(stack.name, stack);
    }
    for (const other of stack.changeSets.values()) {
      if (other.execution === 'AVAILABLE') other.execution = 'OBSOLETE';
    }
    set.execution = 'EXECUTE_COMPLETE';
    stack.changeSetId = set.id;
    this.#deploy(stack, set, { disableRollback, token });
  }

  /** As CreateStack does, without a change set. @throws {AwsError} */
  create(request: StackRequest): StackRecord {
    if (this.search(request.stackName) !== undefined) {
      throw new AwsError('AlreadyExistsException', `Stack [${request.stackName}] already exists`);
    }
    const text = request.template;
    if (text === undefined) {
      throw refused('Either Template URL or Template Body must be specified.');
    }
    const stack = new StackRecord(request.stackName, this.#arn, this.#parts);
    const blueprint = this.#wished(stack, text, request);
    this.all.push(stack);
    this.#deploy(stack, { kind: 'CREATE', template: text, blueprint, options: request.options }, request);
    return stack;
  }

  /** As UpdateStack does, without a change set. @throws {AwsError} where nothing would change, too */
  update(request: StackRequest): StackRecord {
    const stack = this.find(request.stackName, `Stack [${request.stackName}] does not exist`);
    this.#refuseGiven(stack);
    this.#checkUpdatable(request.stackName, stack);
    const text = request.template ?? stack.template;
    const wish = {
      kind: 'UPDATE',
      template: text,
      blueprint: this.#wished(stack, text, request),
      options: request.options,
    } as const;
    if (changesOf(stack, wish.blueprint).length === 0 && isAsBefore(stack, wish)) {
      throw refused('No updates are to be performed.');
    }
    this.#deploy(stack, wish, request);
    return stack;
  }

  #wished(stack: StackRecord, text: string, { parameters, options }: StackRequest): Blueprint {
    const template = this.parse(text);
    const previous = stack.blueprint?.parameters ?? new Map<string, string>();
    const values = parameterValues(template.Parameters, parameters, previous);
    checkCapabilities(template, options.capabilities);
    return this.#blueprint(stack, template, values, options);
  }

  #deploy(
    stack: StackRecord,
    { kind, template, blueprint, options }: Wish,
    { disableRollback, token }: Pick<StackRequest, 'disableRollback' | 'token'>,
  ): void {
    Object.assign(stack, { template, options, disableRollback, token });
    const deployment = new Deployment(stack, blueprint, {
      provisioner: this.provisioner,
      notThere: ({ template: { Parameters }, parameters }) =>
        notThere(Parameters, parameters, (type, id) => this.#parts.account.exists(type, id)),
      exportProblem: (of, blueprint) =>
        exportProblem(this.all, of, blueprint.outputs(of.made((record) => this.provisioner.refOf(record)))),
    });
    if (kind === 'CREATE') {
      deployment.create();
    } else {
      deployment.update();
    }
  }

  /** One that there is not is gone already. @throws {AwsError} */
  delete(nameOrId: string, retained: readonly string[], token?: string): void {
    const stack = this.search(nameOrId);
    if (stack === undefined || stack.isGone || stack.status === 'DELETE_IN_PROGRESS') {
      return;
    }
    checkDeletable(stack, retained);
    const used = stack.exports.find(({ exportName = '' }) => this.importersOf(exportName).length > 0);
    if (used !== undefined) {
      // It is taken, and nothing comes of it: the status stays, with the reason beside it (aws-cdk#604).
      const importers = this.importersOf(used.exportName ?? '').join(' and ');
      stack.become(stack.status, `Export ${used.exportName ?? ''} cannot be deleted as it is in use by ${importers}`);
      return;
    }
    if (stack.isGiven) {
      if (this.all.filter(({ isGiven }) => isGiven).length > 1) {
        throw refused(`the lab deletes ${stack.name} only where it is the only stage`);
      }
      this.#parts.given.remove(stack);
      return;
    }
    stack.token = token;
    deleteStack(stack, this.provisioner, new Set(retained));
  }
}

/** @throws {AwsError} */
function checkCreatable({ stackName, name, template }: ChangeSetRequest, there: StackRecord | undefined): void {
  if (there !== undefined && there.status !== 'REVIEW_IN_PROGRESS') {
    throw refused(`Stack [${stackName}] already exists and cannot be created again with the changeSet [${name}].`);
  }
  if (template === undefined) {
    throw refused('Either Template URL or Template Body must be specified.');
  }
}

/** @throws {AwsError} */
function checkDeletable({ id, name, status }: StackRecord, retained: readonly string[]): void {
  if (retained.length > 0 && status !== 'DELETE_FAILED') {
    const when = 'specify which resources to retain only when the stack is in the DELETE_FAILED state.';
    throw refused(`Invalid operation on stack [${id}]. When you delete a stack, ${when}`);
  }
  if (status.endsWith('IN_PROGRESS') && !['CREATE_IN_PROGRESS', 'REVIEW_IN_PROGRESS'].includes(status)) {
    throw refused(`Stack [${name}] cannot be deleted while in status ${status}`);
  }
}

/** Without a change of a resource there may be one of outputs or tags. */
function isAsBefore(stack: StackRecord, { blueprint, options }: Pick<Wish, 'blueprint' | 'options'>): boolean {
  const outputsOf = (one: Blueprint | undefined): string => JSON.stringify(one?.template.Outputs ?? {});
  return (
    outputsOf(stack.blueprint) === outputsOf(blueprint) &&
    JSON.stringify(stack.options.tags) === JSON.stringify(options.tags)
  );
}
