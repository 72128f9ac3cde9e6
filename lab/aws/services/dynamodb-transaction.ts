// TransactWriteItems, which dynalite does not know, made of its single operations: all or nothing, with a reason for each item.
import { z } from 'zod';

import { QUOTAS } from './quotas.ts';
import { AwsError } from './service.ts';

export type Single = (operation: string, input: Record<string, unknown>) => Promise<unknown>;

type Item = Record<string, unknown>;

const item = z.record(z.string(), z.unknown());
const condition = {
  ConditionExpression: z.string().optional(),
  ExpressionAttributeNames: item.optional(),
  ExpressionAttributeValues: item.optional(),
  ReturnValuesOnConditionCheckFailure: z.enum(['ALL_OLD', 'NONE']).optional(),
};
const put = z.strictObject({ TableName: z.string(), Item: item, ...condition });
const keyed = z.strictObject({ TableName: z.string(), Key: item, ...condition });
const action = z.union([
  z.strictObject({ Put: put }),
  z.strictObject({ Update: keyed.extend({ UpdateExpression: z.string() }) }),
  z.strictObject({ Delete: keyed }),
  z.strictObject({ ConditionCheck: keyed.extend({ ConditionExpression: z.string() }) }),
]);
const transaction = z.looseObject({
  TransactItems: z.array(action).min(1).max(QUOTAS.transactItems.value),
  ClientRequestToken: z.string().min(1).max(QUOTAS.clientRequestToken.value).optional(),
});
const found = z.object({ Item: item.optional() });
type Action = z.infer<typeof action>;

interface Address {
  readonly TableName: string;
  readonly Key: Item;
  readonly [more: string]: unknown;
}

interface Reason {
  readonly Code: 'None' | 'ConditionalCheckFailed' | 'TransactionConflict';
  readonly Message?: string;
  readonly Item?: Item;
}

const NONE: Reason = { Code: 'None' };

export class Transactions {
  readonly #single: Single;
  /** By table. */
  readonly #keyNames: ReadonlyMap<string, readonly string[]>;
  /** What was done under which token: the SDK tries again under the same one when an answer was lost. */
  readonly #done = new Map<string, string>();

  constructor(single: Single, keyNames: ReadonlyMap<string, readonly string[]>) {
    this.#single = single;
    this.#keyNames = keyNames;
  }

  async write(input: Record<string, unknown>): Promise<unknown> {
    const { TransactItems: actions, ClientRequestToken: token } = parse(input);
    const content = JSON.stringify(actions);
    const before = token === undefined ? undefined : this.#done.get(token);
    if (before !== undefined) {
      if (before !== content) {
        throw new AwsError('IdempotentParameterMismatchException', 'the token was used for another transaction');
      }
      return {};
    }
    await this.#writeAll(actions);
    if (token !== undefined) {
      this.#done.set(token, content);
    }
    return {};
  }

  async #writeAll(actions: readonly Action[]): Promise<void> {
    const parts = actions.map((one) => ({ one, at: this.#addressOf(one) }));
    if (new Set(parts.map(({ at }) => JSON.stringify(at))).size < parts.length) {
      throw new AwsError('ValidationException', 'Transaction request cannot include multiple operations on one item');
    }
    const undo: (() => Promise<unknown>)[] = [];
    const reasons: Reason[] = [];
    try {
      for (const { one, at } of parts) {
        reasons.push(await this.#writeOne(one, at, undo));
      }
    } catch (error) {
      await undoAll(undo);
      throw error;
    }
    if (reasons.some(({ Code }) => Code !== 'None')) {
      await undoAll(undo);
      throw cancelled(reasons);
    }
  }

  /** Goes on after a condition that does not hold: AWS gives the reason of every item, and not of the first only. */
  async #writeOne(one: Action, at: Address, undo: (() => Promise<unknown>)[]): Promise<Reason> {
    const { Item: old } = found.parse(await this.#single('GetItem', { ...at, ConsistentRead: true }));
    const { operation, input } = asSingle(one, old);
    try {
      await this.#single(operation, input);
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException') {
        throw error;
      }
      const shown = input['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD' && old !== undefined;
      return {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        ...(shown ? { Item: old } : {}),
      };
    }
    undo.push(() =>
      old === undefined
        ? this.#single('DeleteItem', at)
        : this.#single('PutItem', { TableName: at.TableName, Item: old }),
    );
    return NONE;
  }

  #addressOf(one: Action): Address {
    const { TableName, values } = subjectOf(one);
    const names = this.#keyNames.get(TableName);
    if (names === undefined) {
      throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    }
    return { TableName, Key: Object.fromEntries(names.map((name) => [name, values[name]])) };
  }
}

/** Whose item an action is about. */
function subjectOf(one: Action): { TableName: string; values: Item } {
  if ('Put' in one) {
    return { TableName: one.Put.TableName, values: one.Put.Item };
  }
  const { TableName, Key: values } = 'Update' in one ? one.Update : 'Delete' in one ? one.Delete : one.ConditionCheck;
  return { TableName, values };
}

/** As if another transaction were at the first item. */
export function transactionConflict(input: Record<string, unknown>): AwsError {
  const { TransactItems: actions } = parse(input);
  return cancelled(
    actions.map((_, index) =>
      index === 0 ? { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' } : NONE,
    ),
  );
}

function parse(input: Record<string, unknown>): z.infer<typeof transaction> {
  const parsed = transaction.safeParse(input);
  if (!parsed.success) {
    throw new AwsError('ValidationException', z.prettifyError(parsed.error));
  }
  return parsed.data;
}

/** A check writes what is there already: dynalite evaluates conditions only where something is written. */
function asSingle(one: Action, old: Item | undefined): { operation: string; input: Record<string, unknown> } {
  if ('Put' in one) {
    return { operation: 'PutItem', input: one.Put };
  }
  if ('Update' in one) {
    return { operation: 'UpdateItem', input: one.Update };
  }
  if ('Delete' in one) {
    return { operation: 'DeleteItem', input: one.Delete };
  }
  const { Key, ...condition } = one.ConditionCheck;
  return old === undefined
    ? { operation: 'DeleteItem', input: { ...condition, Key } }
    : { operation: 'PutItem', input: { ...condition, Item: old } };
}

async function undoAll(undo: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const step of undo.toReversed()) {
    await step();
  }
}

function cancelled(reasons: readonly Reason[]): AwsError {
  const codes = reasons.map(({ Code }) => Code).join(', ');
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    400,
    { CancellationReasons: reasons, Message: 'Transaction cancelled' },
  );
}
