// What a claim writes, all or nothing, on what was read before: the action, the node, the group, and the founder.
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';

import type { Claim } from '../core/lifecycle/claim.ts';
import type { Action } from '../core/lifecycle/event.ts';
import { labelsDigest } from '../core/labels.ts';
import { keys } from '../core/names.ts';
import type { GroupItem, StoredFacts } from './items.ts';

/** Longer than any hook lives (48 h). */
const ACTION_TTL = 3 * 86_400;

export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

export interface ClaimWrite {
  readonly action: Action;
  readonly take: NonNullable<Claim['take']>;
  readonly owner: { readonly key: string; readonly arn: string };
  readonly seen: StoredFacts;
  readonly group: GroupItem;
  readonly now: number;
}

export function claimTransaction(table: string, write: ClaimWrite): TransactItem[] {
  const { seen, group, take } = write;
  return [
    takeAction(table, write),
    takeNode(table, write),
    // Not each time: the launches of one group would all conflict on this one item.
    ...(group.readAt === seen.group?.readAt ? [] : [cacheGroup(table, write)]),
    ...(take.founder ? [becomeFounder(table, write)] : []),
    ...(take.unfounded === true ? [stillUnfounded(table, write)] : []),
    ...(take.founder && seen.state?.hold === undefined ? [stillNotHeld(table, write)] : []),
  ];
}

function takeAction(table: string, { action, take, owner, seen, now }: ClaimWrite): TransactItem {
  const { condition, values } = ownedBy(seen.action?.owner);
  const { group, instance, transition, actionToken, hook, time } = action;
  return {
    Put: {
      TableName: table,
      Item: {
        ...keys.action(group, instance, transition),
        owner: owner.key,
        ownerArn: owner.arn,
        actionToken,
        hook,
        time,
        leaseUntil: take.leaseUntil,
        ...(action.warned === undefined ? {} : { warned: true }),
        expiresAt: now + ACTION_TTL,
      },
      ConditionExpression: condition,
      ...(seen.action === undefined
        ? {}
        : { ExpressionAttributeNames: { '#owner': 'owner' }, ExpressionAttributeValues: values }),
    },
  };
}

function takeNode(table: string, { action, take, owner, seen, group, now }: ClaimWrite): TransactItem {
  const { condition, values } = ownedBy(seen.node?.owner);
  const hold = seen.state?.hold;
  const isLaunch = action.kind === 'launch';
  const names = [
    'instance',
    'group',
    'role',
    'phase',
    'owner',
    'step',
    'result',
    ...(hold === undefined ? [] : ['held']),
  ];
  // The node id stays: a launch that is run again must be able to forget what the first run has joined.
  const forgotten = [
    'taskToken',
    'commandId',
    '#result',
    'uncertain',
    'expiresAt',
    'handedOver',
    'unplaced',
    'foreignSwarm',
    // An instance that is launched again, from a warm pool, has outlived what was said of it.
    ...(isLaunch ? ['diesAt', 'announced', 'announcedAt', 'recommendedAt'] : []),
  ];
  return {
    Update: {
      TableName: table,
      Key: keys.node(action.cluster, action.instance),
      UpdateExpression:
        'SET #instance = :instance, #group = :group, #role = :role, #phase = :phase, #owner = :me, ownerArn = :arn, ' +
        `leaseUntil = :lease, abandons = :abandons, beatAt = :beat, #step = :step, formerNodeIds = :former${hold === undefined ? '' : ', #held = :held'}${isLaunch ? ', labelled = :labelled' : ''} ` +
        `REMOVE ${forgotten.join(', ')}`,
      ConditionExpression: condition,
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...values,
        ':instance': action.instance,
        ':group': action.group,
        ':role': action.role,
        ':phase': take.phase,
        ':me': owner.key,
        ':arn': owner.arn,
        ':lease': take.leaseUntil,
        ':abandons': group.abandons,
        ':beat': Math.min(action.time, now),
        ':step': 'Claim',
        ':former': formerNodeIds(action, seen),
        // A mark that is there already stays: it is the one that waits for the end of a hold that takes it off.
        ...(hold === undefined ? {} : { ':held': hold.since }),
        // Its confirm gives it these; the tidy compares them with what the group has by then.
        ...(isLaunch ? { ':labelled': labelsDigest(action.labels) } : {}),
      },
    },
  };
}

/** A launch that is run again may join the instance anew: the tidy must know the node that the first run has joined. */
function formerNodeIds({ kind }: Action, { node }: StoredFacts): string[] {
  const known = node?.formerNodeIds ?? [];
  return kind === 'launch' && node?.nodeId !== undefined ? [...new Set([node.nodeId, ...known])].slice(0, 10) : known;
}

function cacheGroup(table: string, { action, group }: ClaimWrite): TransactItem {
  return {
    Update: {
      TableName: table,
      Key: keys.group(action.group),
      UpdateExpression: 'SET #cluster = :cluster, #role = :role, dns = :dns, readAt = :readAt',
      ExpressionAttributeNames: { '#cluster': 'cluster', '#role': 'role' },
      ExpressionAttributeValues: {
        ':cluster': group.cluster ?? '',
        ':role': group.role ?? '',
        ':dns': group.dns ?? false,
        ':readAt': group.readAt,
      },
    },
  };
}

function becomeFounder(table: string, { action, seen, now }: ClaimWrite): TransactItem {
  return {
    Put: {
      TableName: table,
      Item: { ...keys.founder(action.cluster), instance: action.instance, since: now },
      ...(seen.founder === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#instance = :seen',
            ExpressionAttributeNames: { '#instance': 'instance' },
            ExpressionAttributeValues: { ':seen': seen.founder.instance },
          }),
    },
  };
}

function stillUnfounded(table: string, { action }: ClaimWrite): TransactItem {
  return {
    ConditionCheck: {
      TableName: table,
      Key: keys.state(action.cluster),
      ConditionExpression: '#status = :new',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':new': 'new' },
    },
  };
}

/** A hold marks what is under way, and would miss what is claimed at the same moment: of all things not a founding. */
function stillNotHeld(table: string, { action }: ClaimWrite): TransactItem {
  return {
    ConditionCheck: {
      TableName: table,
      Key: keys.state(action.cluster),
      ConditionExpression: 'attribute_not_exists(#hold)',
      ExpressionAttributeNames: { '#hold': 'hold' },
    },
  };
}

function ownedBy(owner: string | undefined): { condition: string; values: Record<string, unknown> } {
  return owner === undefined
    ? { condition: 'attribute_not_exists(pk)', values: {} }
    : { condition: '#owner = :seen', values: { ':seen': owner } };
}
