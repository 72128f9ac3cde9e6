// confirm: labels a node that has joined and makes it available.
import { FlowError } from '../../errors.ts';
import { labelList } from '../../labels.ts';
import { OF_AN_ACTION } from '../final-reasons.ts';
import { MOST_ADDRESSES, instanceId, listOrNone } from './parameters.ts';
import { needed } from './verb.ts';
import type { CommandFacts, VerbUnit } from './verb.ts';

const ADDRESS = /^(-|[0-9]{1,3}(\.[0-9]{1,3}){3})$/;

export const confirm: VerbUnit = {
  description: 'labels a node that has joined and makes it available; runs on a manager',
  runsOn: 'manager',
  libraries: ['node'],
  parameters: {
    instanceId,
    nodeId: {
      description: 'the id of its node',
      pattern: '^[0-9a-z]{25}$',
      value: ({ node }) => node.nodeId,
    },
    addresses: {
      description:
        'at which of these the managers must see the node, as EC2 has them, separated by commas; - is one that they do not tell',
      preset: 'none',
      pattern: '^(none|(-|[0-9]{1,3}(\\.[0-9]{1,3}){3})(,(-|[0-9]{1,3}(\\.[0-9]{1,3}){3}))*)$',
      maxChars: MOST_ADDRESSES * 16,
      value: ({ addresses = [] }) => listOrNone(addresses.filter((one) => ADDRESS.test(one)).slice(0, MOST_ADDRESSES)),
    },
    labels: {
      description: 'labels of the node, key=value, separated by commas',
      pattern: '^[a-zA-Z0-9][a-zA-Z0-9._/-]*=[a-zA-Z0-9._/:@+-]*(,[a-zA-Z0-9][a-zA-Z0-9._/-]*=[a-zA-Z0-9._/:@+-]*)*$',
      maxChars: 2048,
      value: ({ plan, node }) =>
        labelList({
          instance: needed(plan.instance, 'instance'),
          group: needed(plan.group, 'group'),
          role: needed(plan.role, 'role'),
          // As AWS has it; plans of older versions have none, and what the node says is at least a zone.
          zone: plan.zone ?? node.zone,
          own: plan.labels ?? {},
        }),
    },
    availability: {
      description: "the node's availability, or keep for that which it has",
      pattern: '^(active|pause|drain|keep)$',
      value: ({ plan }) => plan.availability ?? 'active',
    },
  },
  runtime: 60,
  changesManagers: 'confirms',
  asksWhoseNode: true,
  tellsHowNodeStands: true,
  endsLaunch: true,
  refuse: refuseFormer,
  final: [
    ...OF_AN_ACTION,
    'Unconfirmed',
    'Autolocked',
    'UnknownNode',
    'LeavingNode',
    'NodeOfAnother',
    'MissedRecovery',
    'LockTaken',
  ],
  record: () => ({ phase: 'ready' }),
};

/**
 * If the cluster was recovered while a manager was on its way in, the manager may have come in after the recovery. It would belong to the old epoch
 * for ever, and every document would refuse to run on it. So it goes, and another one is launched.
 */
function refuseFormer({ plan: { role, instance, swarm }, node: { epoch } }: CommandFacts): void {
  const current = swarm?.epoch ?? 0;
  if (role === 'manager' && epoch !== undefined && epoch < current) {
    throw new FlowError(
      'MissedRecovery',
      `${instance ?? ''} joined in epoch ${epoch}, the cluster is in epoch ${current}`,
    );
  }
}
