import { describe, expect, it } from '@jest/globals';

import { commandByHand, plannedSwarm } from '../../../../src/core/steps/by-hand.ts';
import type { AboutCommand } from '../../../../src/core/steps/by-hand.ts';
import { DEFAULT_CONFIG } from '../../../../src/core/steps/verbs.ts';
import type { Verb } from '../../../../src/core/names.ts';
import { INSTANCE, LEADER, MANAGER_INSTANCE, NODE_ID, NOW, SWARM_ID, TOKEN_KEY } from '../../support/examples.ts';

const made = (verb: Verb, about: Partial<AboutCommand> = {}) =>
  commandByHand(
    verb,
    { cluster: 'prod', stage: 'dev', tokenKey: TOKEN_KEY, now: NOW },
    {
      plan: { instance: INSTANCE, swarm: plannedSwarm({ swarmId: SWARM_ID, epoch: 2 }) },
      managers: LEADER.managers,
      ...about,
    },
  );

const NODE = { instance: INSTANCE, group: 'workers', role: 'worker' } as const;
const labels = (zone: string) => ({
  labels: `skep.instance=${INSTANCE},skep.group=workers,skep.zone=${zone},skep.role=worker`,
});

describe('a command that a person sends', () => {
  it('goes to the manager that was named, for the swarm that is meant', () => {
    const { target, parameters } = made('drain', { nodeId: NODE_ID });

    expect(target).toBe(MANAGER_INSTANCE);
    expect(parameters).toMatchObject({ instanceId: INSTANCE, nodeId: NODE_ID, swarmId: SWARM_ID });
  });

  it('takes no lock, and is no undoing of a launch, which would have half of the time to be delivered', () => {
    const { lockUntil, deliveryTimeout } = made('survey');

    expect([lockUntil, deliveryTimeout]).toEqual([undefined, 60]);
  });

  it.each<[string, Verb, Partial<AboutCommand>, Readonly<Record<string, string>>]>([
    ['does not force what tasks may run on', 'forget', {}, { force: 'no' }],
    ['hands nothing over, for which nobody would wait', 'drain', {}, { handOver: 'no', together: 'none' }],
    ['mends nothing', 'mend', {}, { forget: 'none', restore: 'none', label: 'none', labels: 'none' }],
    ['changes no service, and asks after none', 'shift', {}, { changes: 'none', tell: 'none' }],
    ['asks after what it was told to', 'shift', { tell: 'nodes' }, { tell: 'nodes' }],
    ['names no node where none is meant', 'forget', {}, { nodeId: 'none', addresses: 'none' }],
    ['says where the managers may see the node', 'forget', { addresses: ['10.0.1.12'] }, { addresses: '10.0.1.12' }],
    ['begins where it was told to', 'inspect', { offset: 7 }, { offset: '7' }],
    ['says all that there is to say', 'inspect', {}, { offset: '0', brief: 'no' }],
    [
      'founds as the cluster was declared',
      'init',
      { config: { ...DEFAULT_CONFIG, addressPool: '10.9.0.0/16' } },
      { addressPool: '10.9.0.0/16' },
    ],
    ['founds as clusters are by default', 'init', {}, { addressPool: DEFAULT_CONFIG.addressPool }],
    [
      'labels a node with its zone',
      'confirm',
      { plan: { ...NODE, zone: 'eu-west-1b' }, nodeId: NODE_ID },
      labels('eu-west-1b'),
    ],
    ['labels a node whose zone nobody knows', 'confirm', { plan: NODE, nodeId: NODE_ID }, labels('unknown')],
    ['has the last word where a person says more', 'forget', { parameters: { force: 'yes' } }, { force: 'yes' }],
  ])('%s: %s', (_what, verb, about, expected) => {
    expect(made(verb, about).parameters).toMatchObject(expected);
  });
});
