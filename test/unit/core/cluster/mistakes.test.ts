// What is wrong with a cluster's file, and where: the lines and columns that the YAML reader makes of it are tested in test/cluster/file.test.ts.
import { describe, expect, it } from '@jest/globals';

import { checkFile } from '../../../../src/core/cluster/mistakes.ts';
import type { Mistake } from '../../../../src/core/cluster/mistakes.ts';
import { GIVEN, INTERNAL, RAW, withGroup } from '../../support/cluster-files.ts';
import type { Raw } from '../../support/cluster-files.ts';

const mistakes = (changes: Raw): readonly Mistake[] => checkFile({ ...RAW, ...changes }).mistakes;
const newNetwork = (changes: Raw): Raw => ({ network: { new: { ...RAW.network.new, ...changes } } });
const balancer = (changes: Raw): Raw => ({
  ...withGroup('web', { loadBalancer: true }),
  loadBalancer: { ...INTERNAL, ...changes },
});
const PUBLIC = { scheme: 'internet-facing', subnets: ['subnet-0aaaaaaaaaaaaaaaa'] };
const ONE_MANAGER = withGroup('managers', { size: 1 });
const TWO_ZONES = newNetwork({ zones: ['eu-west-1a', 'eu-west-1b'] });

type Row = readonly [what: string, changes: Raw, path: Mistake['path'], message: string];

const ERRORS: readonly Row[] = [
  ['a key that is left out', { image: undefined }, ['image'], 'is missing'],
  [
    'a key that is left out deep inside',
    withGroup('web', { role: undefined }),
    ['groups', 'web', 'role'],
    'is missing',
  ],
  [
    'one of several that is wrong',
    withGroup('web', { types: ['m7g.large', 'm7g'] }),
    ['groups', 'web', 'types', 1],
    'an instance type such as t4g.small is wanted',
  ],
  [
    'both kinds of a network',
    { network: { ...RAW.network, ...GIVEN } },
    ['network'],
    'either new or given is wanted, and not both',
  ],
  ['neither of them', { network: {} }, ['network'], 'either new or given is wanted, and not both'],
  [
    'a network that is too small',
    newNetwork({ cidr: '10.0.0.0/25' }),
    ['network', 'new', 'cidr'],
    'a network of /16 to /24 is wanted, not of /25',
  ],
  [
    'a network that is too large',
    newNetwork({ cidr: '10.0.0.0/15' }),
    ['network', 'new', 'cidr'],
    'a network of /16 to /24 is wanted, not of /15',
  ],
  [
    'one of the given networks that is none',
    {
      network: { given: { ...GIVEN.given, cidrs: ['10.0.0.0/16', '10.256.0.0/16'] } },
      swarm: { addressPool: '172.30.0.0/16' },
    },
    ['network', 'given', 'cidrs', 1],
    '10.256.0.0/16 is no network',
  ],
  [
    'zones of two regions',
    newNetwork({ zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-2c'] }),
    ['network', 'new', 'zones'],
    'zones of one region are wanted, not of eu-west-1 and eu-west-2',
  ],
  [
    'a pool that is no network',
    { swarm: { addressPool: '10.256.0.0/16' } },
    ['swarm', 'addressPool'],
    '10.256.0.0/16 is no network',
  ],
  [
    'a pool that begins elsewhere',
    { swarm: { addressPool: '10.1.2.0/16' } },
    ['swarm', 'addressPool'],
    'the network is 10.1.0.0/16',
  ],
  [
    'a pool that the VPC has',
    { swarm: { addressPool: '10.0.0.0/12' } },
    ['swarm', 'addressPool'],
    'overlaps 10.0.0.0/16 of the VPC',
  ],
  [
    'a pool that the given VPC has',
    { network: GIVEN, swarm: { addressPool: '10.0.0.0/12' } },
    ['swarm', 'addressPool'],
    'overlaps 10.0.0.0/16 of the VPC',
  ],
  ['no manager', { groups: { web: RAW.groups.web } }, ['groups'], 'a cluster needs a group of managers'],
  [
    'six managers',
    withGroup('managers', { size: 6 }),
    ['groups'],
    '6 managers are more than 5: each write waits for most of them',
  ],
  [
    'an empty group of managers besides a full one',
    { groups: { ...RAW.groups, spare: { ...RAW.groups.managers, size: 0 } } },
    ['groups', 'spare', 'size'],
    'a group of managers has at least one',
  ],
  [
    'a group that the load balancer of nobody serves',
    withGroup('web', { loadBalancer: true }),
    ['groups', 'web', 'loadBalancer'],
    'the file has no loadBalancer',
  ],
  ['clients that are no network', balancer({ clients: '10.0.0.0/33' }), ['loadBalancer', 'clients'], 'is no network'],
  [
    'clients that begin elsewhere',
    balancer({ clients: '10.0.0.1/8' }),
    ['loadBalancer', 'clients'],
    'the network is 10.0.0.0/8',
  ],
  [
    'a public load balancer in a new network',
    balancer({ scheme: 'internet-facing' }),
    ['loadBalancer', 'subnets'],
    'is missing: the new network has no public subnets',
  ],
  [
    'a public load balancer in a given network that names no subnets',
    { ...balancer({ scheme: 'internet-facing' }), network: GIVEN },
    ['loadBalancer', 'subnets'],
    'is missing: name public subnets',
  ],
];

describe('a file is refused', () => {
  it.each(ERRORS)('for %s, at its place', (_what, changes, path, message) => {
    expect(checkFile({ ...RAW, ...changes })).toEqual({
      file: undefined,
      mistakes: [{ path, at: 'value', message, severity: 'error' }],
    });
  });

  it.each<Row>([
    ['there is not', { images: [] }, ['images'], 'there is no such key'],
    [
      'there is not in a group',
      withGroup('web', { rolle: 'worker' }),
      ['groups', 'web', 'rolle'],
      'there is no such key',
    ],
    [
      'no group may have',
      { groups: { ...RAW.groups, Web: RAW.groups.web } },
      ['groups', 'Web'],
      'a name of 1 to 32 of a-z, 0-9 and -, which begins with a letter is wanted',
    ],
  ])('for a key that %s, at the key', (_what, changes, path, message) => {
    expect(mistakes(changes)).toEqual([{ path, at: 'key', message, severity: 'error' }]);
  });

  it('where it is none', () => {
    expect(checkFile(undefined).mistakes).toEqual([
      { path: [], at: 'value', message: expect.stringContaining('expected object'), severity: 'error' },
    ]);
  });
});

describe('a file is taken with a warning', () => {
  it.each<Row>([
    [
      'two managers',
      withGroup('managers', { size: 2 }),
      ['groups'],
      '2 managers are worse than 1: the loss of either one stops the swarm. Take 1 or 3',
    ],
    [
      'four managers',
      withGroup('managers', { size: 4 }),
      ['groups'],
      '4 managers survive the loss of no more than 3 do: one. Take 3 or 5',
    ],
    [
      'three managers in two zones',
      TWO_ZONES,
      ['network', 'new', 'zones'],
      'with 3 managers in two zones, the loss of one zone may take the quorum',
    ],
    [
      'a load balancer that serves nobody',
      { loadBalancer: INTERNAL },
      ['loadBalancer'],
      'no group has loadBalancer: true, so it has nowhere to send to',
    ],
  ])('for %s', (_what, changes, path, message) => {
    const { file, mistakes: told } = checkFile({ ...RAW, ...changes });
    expect(file).toBeDefined();
    expect(told).toEqual([{ path, at: 'value', message, severity: 'warning' }]);
  });
});

describe('a file may have', () => {
  it.each<[what: string, changes: Raw]>([
    ['nothing more than it must', {}],
    ['a network that is given', { network: GIVEN }],
    ['the largest new network', newNetwork({ cidr: '10.0.0.0/16' })],
    ['the smallest new network', newNetwork({ cidr: '10.0.0.0/24' })],
    ['one manager in two zones', { ...TWO_ZONES, ...ONE_MANAGER }],
    ['five managers', withGroup('managers', { size: 5 })],
    ['a pool away from the VPC', { swarm: { addressPool: '172.30.0.0/16' } }],
    ['the shortest time for a hook', withGroup('web', { hookTimeout: '2m' })],
    ['the longest time for a hook', withGroup('web', { hookTimeout: '2h' })],
    ['managers of whom there are as many at most as at least', withGroup('managers', { max: 3 })],
    ['workers of whom there are as many at most as at least', withGroup('web', { max: 2 })],
    ['workers without a limit of their own', withGroup('web', { max: undefined })],
    ['a load balancer for some of its groups', balancer({})],
    ['a load balancer for the internet with public subnets', balancer(PUBLIC)],
  ])('%s', (_what, changes) => {
    expect(mistakes(changes)).toEqual([]);
  });
});
