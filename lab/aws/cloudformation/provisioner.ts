// Makes, changes and takes away one resource, on the lab's clock, and says how that ended in CloudFormation's words.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import type { JsonObject } from '../stack/stack.ts';
import type { Account, AccountRecord } from './account.ts';
import { HandlerError, texts } from './handler.ts';
import type { Handler, UpdatePolicy, Wanted } from './handler.ts';
import { nameOf } from './records.ts';
import { problemWith } from './schemas.ts';

/** A knob: a resource that cannot be made, changed or taken away. */
export interface ResourceFault {
  /** Its logical id, or its type. */
  readonly resource: string;
  readonly action: 'create' | 'update' | 'delete';
  readonly message: string;
  times: number;
}

export interface Target {
  readonly logicalId: string;
  readonly type: string;
  readonly stackName: string;
  readonly stackId: string;
  readonly properties: JsonObject;
}

/** Who is told. `begun` only of what has got an id. */
export interface Listener {
  readonly begun?: (record: AccountRecord) => void;
  readonly done: (record: AccountRecord) => void;
  readonly failed: (reason: string) => void;
}

/** Ends the waiting; what has begun stays as it is. */
type Cancel = () => void;

interface Parts {
  readonly account: Account;
  readonly clock: Pick<Clock, 'now' | 'schedule'>;
  readonly random: Random;
  readonly handlers: Readonly<Record<string, Handler>>;
}

const SECOND = 1000;
/** How long it waits for a group to have what it wants, or to be empty. AWS does not say; the lab's is an hour. */
const PATIENCE = 3_600_000;

export class Provisioner {
  readonly faults: ResourceFault[] = [];
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  knows(type: string): boolean {
    return Object.hasOwn(this.#parts.handlers, type);
  }

  refOf({ type, id }: Pick<AccountRecord, 'type' | 'id'>): string {
    return this.#handler(type).refOf?.(id) ?? id;
  }

  nameProperty(type: string): string | undefined {
    return this.#handler(type).nameProperty;
  }

  /** Undefined where the lab has nothing beside its record: nobody can have changed that by hand. */
  actual(record: AccountRecord): JsonObject | undefined {
    return this.#handler(record.type).effects?.actual?.(record);
  }

  #handler(type: string): Handler {
    const handler = this.#parts.handlers[type];
    if (handler === undefined) {
      throw new Error(`no handler for ${type}`);
    }
    return handler;
  }

  create(target: Target, listener: Listener): Cancel {
    return this.#attempt(listener, () => {
      this.#check(target, 'create');
      const record = this.#make(target);
      listener.begun?.(record);
      return this.#wait(record, 'isStable', listener);
    });
  }

  update(record: AccountRecord, target: Target, policy: UpdatePolicy, listener: Listener): Cancel {
    return this.#attempt(listener, () => {
      const { effects, renewed } = this.#handler(record.type);
      const before = record.properties;
      this.#check(target, 'update');
      Object.assign(record, { properties: target.properties });
      try {
        effects?.update?.(record, before, policy);
      } catch (error) {
        Object.assign(record, { properties: before });
        throw error;
      }
      Object.assign(record, { attributes: { ...record.attributes, ...renewed?.(record.id) } });
      return this.#later(SECOND, () => {
        listener.done(record);
      });
    });
  }

  remove(record: AccountRecord, logicalId: string, listener: Listener): Cancel {
    return this.#attempt(listener, () => {
      const { heldBy, effects } = this.#handler(record.type);
      this.#fail(logicalId, record.type, 'delete');
      const holders = this.#parts.account.naming(record.id, heldBy?.types ?? []).filter((one) => one !== record);
      if (heldBy !== undefined && holders.length > 0) {
        throw new HandlerError('InvalidRequest', heldBy.message(record.id));
      }
      effects?.remove?.(record);
      return this.#wait(record, 'isGone', {
        ...listener,
        done: () => {
          this.#parts.account.records.delete(record.id);
          listener.done(record);
        },
      });
    });
  }

  /** After a moment, so that nothing ends in the turn in which it begins. */
  #attempt({ failed }: Listener, act: () => Cancel): Cancel {
    let cancel: Cancel = () => undefined;
    const cancelStart = this.#later(SECOND, () => {
      try {
        cancel = act();
      } catch (error) {
        if (!(error instanceof HandlerError)) {
          throw error;
        }
        failed(this.#words(error));
      }
    });
    return () => {
      cancelStart();
      cancel();
    };
  }

  #later(delay: number, act: () => void): Cancel {
    return this.#parts.clock.schedule(delay, act);
  }

  #words({ code, message }: HandlerError): string {
    if (code === 'Validation') {
      return message;
    }
    const token = this.#parts.random.uuid();
    return `Resource handler returned message: "${message}" (RequestToken: ${token}, HandlerErrorCode: ${code})`;
  }

  #check({ logicalId, type, properties }: Target, action: 'create' | 'update'): void {
    const problem = problemWith(type, properties);
    if (problem !== undefined) {
      throw new HandlerError(
        'Validation',
        `Properties validation failed for resource ${logicalId} with message:\n${problem}`,
      );
    }
    this.#fail(logicalId, type, action);
    for (const [property, other] of Object.entries(this.#handler(type).refers ?? {})) {
      const missing = texts(properties[property]).find((id) => !this.#parts.account.exists(other, id));
      if (missing !== undefined) {
        throw new HandlerError('NotFound', `The ${other} '${missing}' does not exist`);
      }
    }
  }

  #fail(logicalId: string, type: string, action: ResourceFault['action']): void {
    const fault = this.faults.find(
      (one) => one.action === action && one.times > 0 && (one.resource === logicalId || one.resource === type),
    );
    if (fault !== undefined) {
      fault.times -= 1;
      throw new HandlerError('GeneralServiceException', fault.message);
    }
  }

  #make({ logicalId, type, stackName, stackId, properties }: Target): AccountRecord {
    const { account, random } = this.#parts;
    const handler = this.#handler(type);
    const wanted: Wanted = { logicalId, stackName, properties, account, random };
    const id = handler.idOf(wanted, nameOf(handler, wanted));
    if (account.records.has(id)) {
      throw new HandlerError('AlreadyExists', `Resource of type '${type}' with identifier '${id}' already exists.`);
    }
    const attributes = handler.attributesOf?.(id, wanted) ?? {};
    const record: AccountRecord = { type, id, stackId, properties, attributes };
    handler.effects?.create?.(record);
    account.records.set(id, record);
    return record;
  }

  /** So long as it takes, and then until it is so. */
  #wait(record: AccountRecord, what: 'isStable' | 'isGone', { done, failed }: Listener): Cancel {
    const { seconds = 1, effects } = this.#handler(record.type);
    const isSo = effects?.[what];
    const since = this.#parts.clock.now();
    let cancel: Cancel = () => undefined;
    const look = (): void => {
      if (isSo?.(record) ?? true) {
        done(record);
      } else if (this.#parts.clock.now() - since >= PATIENCE) {
        failed(
          this.#words(new HandlerError('NotStabilized', effects?.notStable?.(record) ?? 'Exceeded attempts to wait')),
        );
      } else {
        cancel = this.#later(2 * SECOND, look);
      }
    };
    cancel = this.#later(seconds * SECOND, look);
    return () => {
      cancel();
    };
  }
}
