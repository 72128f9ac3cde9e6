// What CloudFormation does with a stack: makes, updates and deletes it, and takes back what it has begun.
import { AwsError } from '../services/service.ts';
import type { JsonObject } from '../stack/stack.ts';
import type { AccountRecord } from './account.ts';
import { changedProperties, replacementOf } from './comparison.ts';
import { Graph } from './graph.ts';
import type { Work } from './graph.ts';
import { textOf } from './handler.ts';
import type { Provisioner, Target } from './provisioner.ts';
import { failedToDelete, keptWhenMakingFails, removeAll } from './removal.ts';
import type { StackRecord, StackResource } from './stack-record.ts';
import type { Blueprint, Planned } from './template.ts';

export interface Surroundings {
  readonly provisioner: Provisioner;
  /** What the parameters name and is not there, in CloudFormation's words. */
  readonly notThere: (blueprint: Blueprint) => readonly string[];
  /** Why the exports of the stack cannot be as they would be; undefined where they can. */
  readonly exportProblem: (stack: StackRecord, blueprint: Blueprint) => string | undefined;
}

/** How to take back one thing that an update has done. */
type Undo = Omit<Work, 'id' | 'after'>;

const CREATED_ANEW = 'Requested update requires the creation of a new physical resource; hence creating one.';

export class Deployment {
  readonly #stack: StackRecord;
  readonly #blueprint: Blueprint;
  readonly #around: Surroundings;
  /** Of an update: what it has done so far, and what is left over when it is done. */
  readonly #undo: { readonly logicalId: string; readonly undo: Undo }[] = [];
  readonly #replaced: StackResource[] = [];
  readonly #made = new Set<string>();
  readonly #before: Blueprint | undefined;

  constructor(stack: StackRecord, blueprint: Blueprint, around: Surroundings) {
    this.#stack = stack;
    this.#blueprint = blueprint;
    this.#around = around;
    this.#before = stack.blueprint;
    stack.blueprint = blueprint;
  }

  create(): void {
    this.#stack.become('CREATE_IN_PROGRESS', 'User Initiated');
    const problem = this.#parameterProblem();
    if (problem !== undefined) {
      this.#createFailed(problem);
      return;
    }
    this.#carryOut((failed) => {
      const outputs = failed.length === 0 ? this.#outputProblem() : undefined;
      if (failed.length === 0 && outputs === undefined) {
        this.#stack.become('CREATE_COMPLETE');
        return;
      }
      this.#createFailed(outputs ?? `The following resource(s) failed to create: [${failed.join(', ')}]`);
    });
  }

  #parameterProblem(): string | undefined {
    const missing = this.#around.notThere(this.#blueprint);
    return missing.length === 0 ? undefined : `Parameter validation failed: ${missing.join(', ')}`;
  }

  /** The outputs, and what is wrong with what they export. */
  #outputProblem(): string | undefined {
    try {
      const problem = this.#around.exportProblem(this.#stack, this.#blueprint);
      if (problem === undefined) {
        this.#stack.outputs = this.#blueprint.outputs(this.#references());
      }
      return problem;
    } catch (error) {
      if (error instanceof AwsError) return error.message;
      throw error;
    }
  }

  #references(): ReturnType<StackRecord['made']> {
    return this.#stack.made((record) => this.#around.provisioner.refOf(record));
  }

  #createFailed(reason: string): void {
    const stack = this.#stack;
    if (stack.disableRollback) {
      stack.become('CREATE_FAILED', reason);
      return;
    }
    stack.become('ROLLBACK_IN_PROGRESS', `${reason}. Rollback requested by user.`);
    const made = [...stack.resources.values()].filter(({ record }) => record !== undefined);
    removeAll(stack, made, this.#around.provisioner, { kept: keptWhenMakingFails }, (failed) => {
      stack.blueprint = undefined;
      stack.become(failed.length === 0 ? 'ROLLBACK_COMPLETE' : 'ROLLBACK_FAILED', failedToDelete(failed));
    });
  }

  update(): void {
    const stack = this.#stack;
    stack.become('UPDATE_IN_PROGRESS', 'User Initiated');
    const problem = this.#parameterProblem();
    if (problem !== undefined) {
      this.#rollBack(problem);
      return;
    }
    this.#carryOut((failed) => {
      const outputs = failed.length === 0 ? this.#outputProblem() : undefined;
      if (failed.length > 0 || outputs !== undefined) {
        this.#rollBack(outputs ?? this.#whatFailed(failed));
        return;
      }
      stack.become('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
      removeAll(stack, this.#leftOver(), this.#around.provisioner, {}, () => {
        stack.become('UPDATE_COMPLETE');
      });
    });
  }

  #whatFailed(failed: readonly string[]): string {
    const made = failed.filter((id) => this.#made.has(id));
    const changed = failed.filter((id) => !this.#made.has(id));
    return [
      ...(made.length === 0 ? [] : [`The following resource(s) failed to create: [${made.join(', ')}].`]),
      ...(changed.length === 0 ? [] : [`The following resource(s) failed to update: [${changed.join(', ')}].`]),
    ].join(' ');
  }

  /** What was replaced, and what the template has no more. */
  #leftOver(): readonly StackResource[] {
    const wanted = new Set(this.#blueprint.planned.map(({ logicalId }) => logicalId));
    const dropped = [...this.#stack.resources.values()].filter(({ logicalId }) => !wanted.has(logicalId));
    return [...this.#replaced, ...dropped];
  }

  #carryOut(ended: (failed: readonly string[]) => void): void {
    const works = this.#blueprint.planned.map((planned) => ({
      id: planned.logicalId,
      after: planned.after,
      start: (end: (ok: boolean) => void) => this.#start(planned, end),
    }));
    const graph = new Graph(works, {
      stopsAtFailure: true,
      calledOff: (id) => {
        this.#calledOff(id);
      },
      ended,
    });
    this.#stack.abort = () => {
      graph.abort();
    };
  }

  #calledOff(id: string): void {
    const resource = this.#stack.resources.get(id);
    if (resource !== undefined) {
      const [status, what] = this.#made.has(id) ? ['CREATE_FAILED', 'creation'] : ['UPDATE_FAILED', 'update'];
      this.#stack.note(resource, status, `Resource ${what} cancelled`);
    }
  }

  #start(planned: Planned, end: (ok: boolean) => void): () => void {
    const there = this.#stack.resources.get(planned.logicalId);
    let properties: JsonObject;
    try {
      properties = this.#blueprint.properties(planned, this.#references());
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const resource = there ?? this.#add(planned);
      this.#stack.note(resource, there === undefined ? 'CREATE_FAILED' : 'UPDATE_FAILED', error.message);
      end(false);
      return () => undefined;
    }
    if (there?.record === undefined) {
      return this.#create(this.#add(planned), properties, end);
    }
    return there.type === planned.resource.Type
      ? this.#change(there, there.record, planned, properties, end)
      : this.#replace(there, planned, properties, end);
  }

  #add({ logicalId, resource, after }: Planned): StackResource {
    const added: StackResource = {
      logicalId,
      type: resource.Type,
      record: undefined,
      status: 'CREATE_IN_PROGRESS',
      reason: undefined,
      at: this.#stack.createdAt,
      template: resource,
      after,
    };
    this.#made.add(logicalId);
    this.#stack.resources.set(logicalId, added);
    return added;
  }

  #target({ logicalId, type }: Pick<StackResource, 'logicalId' | 'type'>, properties: JsonObject): Target {
    return { logicalId, type, stackName: this.#stack.name, stackId: this.#stack.id, properties };
  }

  #create(resource: StackResource, properties: JsonObject, end: (ok: boolean) => void): () => void {
    const stack = this.#stack;
    stack.note(resource, 'CREATE_IN_PROGRESS');
    return this.#around.provisioner.create(this.#target(resource, properties), {
      begun: (record) => {
        resource.record = record;
        stack.note(resource, 'CREATE_IN_PROGRESS', 'Resource creation Initiated');
      },
      done: () => {
        stack.note(resource, 'CREATE_COMPLETE');
        end(true);
      },
      failed: (reason) => {
        stack.note(resource, 'CREATE_FAILED', reason);
        end(false);
      },
    });
  }

  #change(
    there: StackResource,
    record: AccountRecord,
    planned: Planned,
    properties: JsonObject,
    end: (ok: boolean) => void,
  ): () => void {
    const changed = changedProperties(record.properties, properties);
    if (changed.length === 0) {
      Object.assign(there, { template: planned.resource, after: planned.after });
      end(true);
      return () => undefined;
    }
    return replacementOf(there.type, changed) === 'never'
      ? this.#inPlace(there, record, planned, properties, end)
      : this.#replace(there, planned, properties, end);
  }

  #inPlace(
    there: StackResource,
    record: AccountRecord,
    planned: Planned,
    properties: JsonObject,
    end: (ok: boolean) => void,
  ): () => void {
    const before = { template: there.template, after: there.after, properties: record.properties };
    this.#undo.push({ logicalId: there.logicalId, undo: this.#back(there, record, before) });
    Object.assign(there, { template: planned.resource, after: planned.after });
    return this.#put(there, record, properties, end);
  }

  #put(resource: StackResource, record: AccountRecord, properties: JsonObject, end: (ok: boolean) => void): () => void {
    const stack = this.#stack;
    stack.note(resource, 'UPDATE_IN_PROGRESS');
    const { AutoScalingScheduledAction: sizes } = resource.template.UpdatePolicy;
    const policy = { ignoresUnmodifiedSizes: sizes?.IgnoreUnmodifiedGroupSizeProperties === true };
    return this.#around.provisioner.update(record, this.#target(resource, properties), policy, {
      done: () => {
        stack.note(resource, 'UPDATE_COMPLETE');
        end(true);
      },
      failed: (reason) => {
        stack.note(resource, 'UPDATE_FAILED', reason);
        end(false);
      },
    });
  }

  #back(
    there: StackResource,
    record: AccountRecord,
    before: Pick<StackResource, 'template' | 'after'> & { readonly properties: JsonObject },
  ): Undo {
    return {
      start: (end) => {
        Object.assign(there, { template: before.template, after: before.after });
        // What failed has not changed anything.
        if (record.properties === before.properties) {
          this.#stack.note(there, 'UPDATE_COMPLETE');
          end(true);
          return () => undefined;
        }
        return this.#put(there, record, before.properties, end);
      },
    };
  }

  #replace(there: StackResource, planned: Planned, properties: JsonObject, end: (ok: boolean) => void): () => void {
    const stack = this.#stack;
    const { provisioner } = this.#around;
    const old: StackResource = { ...there };
    const name = provisioner.nameProperty(there.type);
    const given = name === undefined ? undefined : properties[name];
    if (given !== undefined && there.type === planned.resource.Type && given === there.record?.properties[name ?? '']) {
      const why = 'CloudFormation cannot update a stack when a custom-named resource requires replacing.';
      stack.note(there, 'UPDATE_FAILED', `${why} Rename ${textOf(given)} and update the stack again.`);
      end(false);
      return () => undefined;
    }
    const anew: StackResource = {
      ...there,
      type: planned.resource.Type,
      template: planned.resource,
      after: planned.after,
    };
    stack.resources.set(there.logicalId, anew);
    this.#undo.push({ logicalId: there.logicalId, undo: this.#asBefore(old, anew) });
    stack.note(anew, 'UPDATE_IN_PROGRESS', CREATED_ANEW);
    return provisioner.create(this.#target(anew, properties), {
      begun: (record) => {
        anew.record = record;
        stack.note(anew, 'UPDATE_IN_PROGRESS', 'Resource creation Initiated');
      },
      done: () => {
        this.#replaced.push(old);
        stack.note(anew, 'UPDATE_COMPLETE');
        end(true);
      },
      failed: (reason) => {
        stack.note(anew, 'UPDATE_FAILED', reason);
        end(false);
      },
    });
  }

  /** The old one is still there: it counts again, and the new one is cleared away. */
  #asBefore(old: StackResource, anew: StackResource): Undo {
    return {
      start: (end) => {
        this.#stack.resources.set(old.logicalId, old);
        if (anew.record !== undefined && anew.record !== old.record) {
          this.#replaced.push({ ...anew });
        }
        this.#stack.note(old, 'UPDATE_COMPLETE');
        end(true);
        return () => undefined;
      },
    };
  }

  #rollBack(reason: string): void {
    const stack = this.#stack;
    if (stack.disableRollback) {
      stack.become('UPDATE_FAILED', reason);
      return;
    }
    stack.become('UPDATE_ROLLBACK_IN_PROGRESS', reason);
    this.#replaced.length = 0;
    const undone = this.#undo.toReversed();
    const works: readonly Work[] = undone.map(({ logicalId, undo }, index) => ({
      id: logicalId,
      after: new Set(undone.slice(0, index).map((one) => one.logicalId)),
      ...undo,
    }));
    new Graph(works, {
      stopsAtFailure: false,
      ended: (failed) => {
        this.#rolledBack(failed);
      },
    });
  }

  #rolledBack(failed: readonly string[]): void {
    const stack = this.#stack;
    stack.blueprint = this.#before;
    if (failed.length > 0) {
      stack.become('UPDATE_ROLLBACK_FAILED', `The following resource(s) failed to update: [${failed.join(', ')}].`);
      return;
    }
    stack.become('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    const made = [...this.#made].flatMap((id) => stack.resources.get(id) ?? []);
    removeAll(stack, [...this.#replaced, ...made], this.#around.provisioner, { kept: keptWhenMakingFails }, () => {
      stack.become('UPDATE_ROLLBACK_COMPLETE');
    });
  }
}
