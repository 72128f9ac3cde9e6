// The file that describes a cluster: every mistake with its line, its column and its key.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { parseClusterFile } from '../../cli/cluster-file/read.ts';
import { secondsOf } from '../../src/core/cluster/file.ts';
import { clusterSchema, SCHEMA_FILE } from '../../scripts/cluster-schema.ts';

const EXAMPLE = readFileSync(fileURLToPath(new URL('../../examples/cluster/skep.yaml', import.meta.url)), 'utf8');

const FILE = `cluster: blue
network:
  new:
    cidr: 10.0.0.0/16
    zones: [eu-west-1a, eu-west-1b, eu-west-1c]
image: ami-0123456789abcdef0
groups:
  managers:
    role: manager
    size: 3
    types: [t4g.small]
  workers:
    role: worker
    size: 2
    types: [m7g.large]
`;

const GIVEN = FILE.replace(
  /network:[^]*?image/,
  `network:
  given:
    vpc: vpc-0123456789abcdef0
    cidrs: [10.0.0.0/16]
    subnets: [subnet-0123456789abcdef0]
image`,
);

const read = (text: string): readonly string[] => {
  const { file, errors, warnings } = parseClusterFile('skep.yaml', text);
  expect(file === undefined).toBe(errors.length > 0);
  return [...errors, ...warnings];
};

describe('a file', () => {
  it.each([
    ['the example', EXAMPLE],
    ['one with a new network', FILE],
    ['one with a network that is there', GIVEN],
  ])('is taken: %s', (_what, text) => {
    expect(read(text)).toEqual([]);
  });

  it.each<[what: string, old: string | RegExp, planted: string, said: string]>([
    [
      'an unknown key',
      'role: worker',
      'role: worker\n    rolle: worker',
      '14:5: groups.workers.rolle: there is no such key',
    ],
    ['an unknown key at the top', 'image:', 'images: []\nimage:', '6:1: images: there is no such key'],
    ['a key left out', 'image: ami-0123456789abcdef0\n', '', '1:1: image: is missing'],
    ['a key left out deep inside', '    role: worker\n', '', '12:3: groups.workers.role: is missing'],
    ['a text for a number', 'size: 2', 'size: two', '14:11: groups.workers.size: Invalid input: expected number'],
    ['a half', 'size: 2', 'size: 2.5', '14:11: groups.workers.size: '],
    ['a group name twice', '  workers:', '  managers:', '12:3: Map keys must be unique'],
    ['a group name that cannot be', '  workers:', '  Workers:', '12:3: groups.Workers: a name of 1 to 32'],
    ['a cluster name that cannot be', 'cluster: blue', 'cluster: Blue', '1:10: cluster: a cluster name is'],
    ['no manager', 'role: manager', 'role: worker', '7:1: groups: a cluster needs a group of managers'],
    ['seven managers', 'size: 3', 'size: 7', '7:1: groups: 7 managers are more than 5'],
    ['no managers in their group', 'size: 3', 'size: 0', 'a cluster needs a group of managers'],
    [
      'managers on spot',
      'size: 3',
      'size: 3\n    spotPercent: 50',
      '11:18: groups.managers.spotPercent: managers are never spot',
    ],
    [
      'managers that scale',
      'size: 3',
      'size: 3\n    max: 5',
      '11:10: groups.managers.max: the number of managers is fixed',
    ],
    [
      'workers that are drained',
      'size: 2',
      'size: 2\n    availability: drain',
      '15:19: groups.workers.availability: workers',
    ],
    [
      'fewer at most than at least',
      'size: 2',
      'size: 2\n    max: 1',
      '15:10: groups.workers.max: is less than the size, 2',
    ],
    [
      'a hook that ends too soon',
      'size: 2',
      'size: 2\n    hookTimeout: 119s',
      '15:18: groups.workers.hookTimeout: under 2m',
    ],
    [
      'a hook over the limit of AWS',
      'size: 2',
      'size: 2\n    hookTimeout: 3h',
      '15:18: groups.workers.hookTimeout: AWS takes',
    ],
    ['a time without a unit', 'size: 2', 'size: 2\n    hookTimeout: 1800', '15:18: groups.workers.hookTimeout: '],
    [
      'a label of skep',
      'size: 2',
      'size: 2\n    labels: { skep.zone: a }',
      'groups.workers.labels.skep.zone: labels that begin',
    ],
    [
      'an announcement that AWS never makes so early',
      'size: 2',
      'size: 2\n    replace: { announced: 721h }',
      'groups.workers.replace.announced: now, never, or hours',
    ],
    ['a share of nothing', 'size: 2', 'size: 2\n    replace: { share: 0 }', 'groups.workers.replace.share: '],
    ['an unknown wish', 'size: 2', 'size: 2\n    replace: { spot: true }', 'groups.workers.replace.spot: there is no'],
    ['a type twice', '[m7g.large]', '[m7g.large, m7g.large]', '15:5: groups.workers.types: a type stands twice'],
    ['five types', '[m7g.large]', '[a1.large, a2.large, a3.large, a4.large, a5.large]', 'groups.workers.types: '],
    [
      "Docker's own network",
      '10.0.0.0/16',
      '172.17.0.0/16',
      "4:11: network.new.cidr: overlaps 172.17.0.0/16, which is every Docker's own",
    ],
    ["a network around Docker's own", '10.0.0.0/16', '172.16.0.0/12', 'network.new.cidr: overlaps 172.17.0.0/16'],
    [
      'a network that begins elsewhere',
      '10.0.0.0/16',
      '10.0.1.0/16',
      '4:11: network.new.cidr: the network is 10.0.0.0/16',
    ],
    [
      'a network that is too large',
      '10.0.0.0/16',
      '10.0.0.0/8',
      '4:11: network.new.cidr: a network of /16 to /24 is wanted',
    ],
    ['no network', '10.0.0.0/16', '10.0.0.256/16', '4:11: network.new.cidr: 10.0.0.256/16 is no network'],
    ['a zone twice', 'eu-west-1b', 'eu-west-1a', '5:25: network.new.zones.1: eu-west-1a stands twice'],
    ['zones of two regions', 'eu-west-1b', 'eu-west-2b', '5:5: network.new.zones: zones of one region are wanted'],
    [
      "Docker's default pool around the VPC",
      'image:',
      'swarm: { addressPool: 10.0.0.0/8 }\nimage:',
      '6:23: swarm.addressPool: overlaps',
    ],
    [
      'a pool that is not private',
      'image:',
      'swarm: { addressPool: 8.0.0.0/8 }\nimage:',
      '6:23: swarm.addressPool: is not private',
    ],
    ["a port of the swarm's own", 'image:', 'swarm: { dataPathPort: 7946 }\nimage:', '6:24: swarm.dataPathPort: '],
    [
      'no network of either kind',
      /network:[^]*?image/,
      'network: {}\nimage',
      '2:1: network: either new or given is wanted',
    ],
    ['a load balancer that is not there', 'size: 2', 'size: 2\n    loadBalancer: true', 'the file has no loadBalancer'],
    [
      'a load balancer for the internet without public subnets',
      'image:',
      'loadBalancer: { scheme: internet-facing, clients: 0.0.0.0/0 }\nimage:',
      'loadBalancer.subnets: is missing: the new network has no public subnets',
    ],
    [
      'clients that are no network',
      'image:',
      'loadBalancer: { scheme: internal, clients: 10.0.0.1/8 }\nimage:',
      'the network is 10.0.0.0/8',
    ],
    ['a script that is none', 'size: 2', 'size: 2\n    script: echo', 'a script begins with a line such as #!/bin/sh'],
    ['an image by its name', 'ami-0123456789abcdef0', 'al2023', '6:8: image: an id such as ami-'],
    ['a bracket that is not closed', '[m7g.large]', '[m7g.large', ''],
    ['a list', /^[^]*$/, '- a\n', 'expected object'],
    ['nothing', /^[^]*$/, '', 'expected object'],
    ['an alias to nothing', '[m7g.large]', '*types', 'alias'],
  ])('is refused: %s', (_what, old, planted, said) => {
    const broken = FILE.replace(old, planted);
    expect(broken).not.toBe(FILE);
    const told = read(broken);
    expect(told[0]).toMatch(/^skep\.yaml:\d+:\d+: /);
    expect(told.join('\n')).toContain(said);
  });

  it.each([
    ['two managers', 'size: 3', 'size: 2', '7:1: groups: warning: 2 managers are worse than 1'],
    ['four managers', 'size: 3', 'size: 4', '7:1: groups: warning: 4 managers survive'],
    ['two zones', ', eu-west-1c', '', '5:5: network.new.zones: warning: with 3 managers in two zones'],
    [
      'a load balancer without a group',
      'image:',
      'loadBalancer: { scheme: internal, clients: 10.0.0.0/8 }\nimage:',
      '6:1: loadBalancer: warning: no group has loadBalancer: true',
    ],
  ])('is taken with a warning: %s', (_what, old, planted, said) => {
    const { file, warnings } = parseClusterFile('skep.yaml', FILE.replace(old, planted));
    expect(file).toBeDefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`skep.yaml:${said}`);
  });

  it('tells all mistakes at once, in the order in which they stand', () => {
    const told = read(FILE.replace('size: 2', 'size: -1').replace('blue', 'Blue').replace('[t4g.small]', '[]'));
    expect(told.map((line) => line.split(':')[1])).toEqual(['1', '11', '14']);
  });

  it('ends aliases that multiply', () => {
    const bomb = 'a: &a [x, x, x, x, x, x, x, x, x, x]\n';
    const more = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(
      (name, index) =>
        `${name}: &${name} [${Array(10)
          .fill(`*${'abcdefgh'[index] ?? ''}`)
          .join(', ')}]\n`,
    );
    expect(read(`${bomb}${more.join('')}`)[0]).toContain('skep.yaml:1:1: ');
  });

  it('whatever it is, it is answered with places and sentences', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.nat(FILE.length).map((end) => FILE.slice(0, end)),
        ),
        (text) => {
          for (const line of read(text)) {
            expect(line).toMatch(/^skep\.yaml:\d+:\d+: \S/);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('times', () => {
  it.each([
    ['90s', 90],
    ['30m', 1800],
    ['2h', 7200],
  ])('%s are %d seconds', (time, seconds) => {
    expect(secondsOf(time)).toBe(seconds);
  });
});

describe('the JSON Schema for editors', () => {
  it('is the one that the command checks with (npm run docs)', async () => {
    expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(await clusterSchema());
  });
});
