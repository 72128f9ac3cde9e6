// Follows the membership lock through the calls of DynamoDB. A manager that was refused must give the lock back before it waits for others.
import type { Exchange } from '../aws/endpoint.ts';
import { keys, waiterPrefix } from '../../src/core/names.ts';
import { fromComment } from '../../src/core/steps/rendezvous.ts';

interface Value {
  readonly S?: string;
  readonly N?: string;
}
type Item = Readonly<Record<string, Value | undefined>>;
interface Write {
  readonly Key?: Item;
  readonly Item?: Item;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeValues?: Item;
}

interface Holder {
  readonly instance: string;
  readonly until: number;
}

const WAITS = waiterPrefix('manager');

export class LockWatch {
  readonly #lock: string;
  #holder: Holder | undefined;
  /** By the key of an execution: the instance that it has tried to demote. */
  readonly #demotes = new Map<string, string>();

  constructor(cluster: string) {
    this.#lock = keys.membershipLock(cluster).sk;
  }

  /** @param now epoch seconds @returns what is wrong */
  onExchange({ service, operation, input, error }: Exchange, now: number): string | undefined {
    if (service === 'ssm' && operation === 'SendCommand') {
      this.#sent(input['Comment']);
    } else if (service === 'dynamodb' && isWrite(operation)) {
      return this.#written(operation, input, error !== undefined, now);
    }
    return undefined;
  }

  #sent(comment: unknown): void {
    const key = typeof comment === 'string' ? fromComment(comment) : undefined;
    if (key?.step === 'Demote') this.#demotes.set(key.owner, key.instance);
  }

  #written(operation: string, input: unknown, failed: boolean, now: number): string | undefined {
    const write = input as Write & { readonly TransactItems?: readonly { readonly Put?: Write }[] };
    const all = [write, ...(write.TransactItems ?? []).flatMap(({ Put: put }) => put ?? [])];
    if (operation === 'DeleteItem' && this.#isLock(write.Key)) {
      // Whatever has failed may have been carried out: then nobody knows who holds it.
      this.#holder = undefined;
    }
    if (failed) {
      return undefined;
    }
    for (const one of all) this.#taken(one);
    return operation === 'PutItem' ? this.#waits(write.Item?.['sk']?.S ?? '', now) : undefined;
  }

  /** Put into the place of another one's, or taken where it was free. */
  #taken({ Key: key, Item: item, ExpressionAttributeValues: values = {} }: Write): void {
    const isTaken = this.#isLock(key) && values[':now'] !== undefined;
    if (this.#isLock(item)) {
      this.#holder = holderOf(item?.['instance'], item?.['leaseUntil']);
    } else if (isTaken) {
      this.#holder = holderOf(values[':instance'], values[':until']);
    }
  }

  #waits(sk: string, now: number): string | undefined {
    const instance = sk.startsWith(WAITS) ? this.#demotes.get(sk.slice(WAITS.length)) : undefined;
    const { instance: holder, until = 0 } = this.#holder ?? {};
    return instance !== undefined && holder === instance && until > now
      ? `${instance} waits for other managers, and holds the lock that they need`
      : undefined;
  }

  #isLock(item: Item | undefined): boolean {
    return item?.['sk']?.S === this.#lock;
  }
}

const holderOf = (instance: Value | undefined, until: Value | undefined): Holder => ({
  instance: instance?.S ?? '',
  until: Number(until?.N),
});

const isWrite = (operation: string): boolean =>
  ['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'].includes(operation);
