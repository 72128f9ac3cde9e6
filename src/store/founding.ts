// What the record of a founding writes, all or nothing: the state, the founder's tombstone, and the first leader.
import type { Manager } from '../core/model.ts';
import { keys } from '../core/names.ts';
import type { TransactItem } from './claim-transaction.ts';

export interface Founding {
  readonly cluster: string;
  readonly swarm: { readonly swarmId: string; readonly caDigest: string };
  readonly leader: Manager;
  /** The execution that owns the founder's node. */
  readonly owner: string;
  /** Epoch seconds. */
  readonly now: number;
}

export function foundingTransaction(table: string, { cluster, swarm, leader, owner, now }: Founding): TransactItem[] {
  const { swarmId, caDigest } = swarm;
  return [
    {
      Update: {
        TableName: table,
        Key: keys.state(cluster),
        UpdateExpression: 'SET #status = :founded, swarmId = :swarmId, caDigest = :caDigest, epoch = :epoch',
        ConditionExpression: '#status = :new',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':new': 'new',
          ':founded': 'founded',
          ':swarmId': swarmId,
          ':caDigest': caDigest,
          ':epoch': 0,
        },
      },
    },
    {
      Update: {
        TableName: table,
        Key: keys.founder(cluster),
        UpdateExpression: 'SET swarmId = :swarmId',
        ConditionExpression: '#instance = :instance',
        ExpressionAttributeNames: { '#instance': 'instance' },
        ExpressionAttributeValues: { ':swarmId': swarmId, ':instance': leader.instance },
      },
    },
    {
      // Without a condition: a record that somebody left there is of no swarm.
      Put: { TableName: table, Item: { ...keys.leader(cluster), leader, managers: [leader], term: 1, asOf: now } },
    },
    {
      // A terminate may take the founder over between the end of its init and this.
      ConditionCheck: {
        TableName: table,
        Key: keys.node(cluster, leader.instance),
        ConditionExpression: '#owner = :owner',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':owner': owner },
      },
    },
  ];
}
