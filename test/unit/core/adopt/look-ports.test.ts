// Whether the nodes of a swarm reach each other, as far as their security groups say.
import { describe, expect, it } from '@jest/globals';

import type { Ingress } from '../../../../src/core/adopt/facts.ts';
import { portFindings } from '../../../../src/core/adopt/look-ports.ts';
import { adoptFacts, changed, foundInstance, ingressOf } from '../../support/adopt-facts.ts';

const found = (rules: readonly Ingress[], port: number | 'none' = 4789) =>
  portFindings(
    adoptFacts({ ingress: { seen: new Map([['sg-nodes', rules]]) } }),
    port === 'none' ? undefined : port,
  ).map(({ name, about, because }) => [
    name,
    about,
    because.replace('its security groups do not let all nodes in at ', ''),
  ]);
const closed = (managers: string, workers: string) => [
  ['PortsClosed', 'managers', managers],
  ['PortsClosed', 'workers', workers],
];
const one = (protocol: string, from: number, to = from): Ingress =>
  ingressOf({ protocol, from, to, groups: ['sg-nodes'] });

describe('security groups', () => {
  it.each<[what: string, rules: readonly Ingress[], findings: unknown]>([
    ['nobody', [], closed('tcp 2377, tcp 7946, udp 7946, udp 4789', 'tcp 7946, udp 7946, udp 4789')],
    ['all of the group', [ingressOf({ groups: ['sg-nodes'] })], []],
    ['the ports alone', [one('tcp', 2377), one('tcp', 7946), one('udp', 7946), one('udp', 4789)], []],
    ['a range that ends before one', [one('tcp', 2377, 7945), one('udp', 4789, 7946)], closed('tcp 7946', 'tcp 7946')],
    ['a range', [one('tcp', 1024, 65_535), one('udp', 4000, 8000)], []],
    [
      'no management',
      [one('tcp', 7946), one('udp', 7946), one('udp', 4789)],
      [['PortsClosed', 'managers', 'tcp 2377']],
    ],
    ['no overlay', [one('tcp', 2000, 8000), one('udp', 7946)], closed('udp 4789', 'udp 4789')],
    ['the other protocol', [one('udp', 0, 65_535)], closed('tcp 2377, tcp 7946', 'tcp 7946')],
    ['the network of all', [ingressOf({ networks: ['10.0.0.0/16'] })], []],
    [
      'the network of some',
      [ingressOf({ networks: ['10.0.1.0/30'] })],
      closed('tcp 2377, tcp 7946, udp 7946, udp 4789', 'tcp 7946, udp 7946, udp 4789'),
    ],
    [
      'others',
      [ingressOf({ groups: ['sg-others'], networks: ['10.9.0.0/16', 'nonsense'] })],
      closed('tcp 2377, tcp 7946, udp 7946, udp 4789', 'tcp 7946, udp 7946, udp 4789'),
    ],
    ['a list that nobody has looked into', [ingressOf({ others: true })], []],
  ])('that let in %s', (_what, rules, findings) => {
    expect(found(rules)).toEqual(findings);
  });

  it('are not asked about the overlay where no manager tells its port', () => {
    expect(found([], 'none')).toEqual(closed('tcp 2377, tcp 7946, udp 7946', 'tcp 7946, udp 7946'));
  });

  it('that a person may not look at are told, and not taken for open', () => {
    const facts = adoptFacts({ ingress: { unseen: 'AWS denies ec2:DescribeSecurityGroups to you' } });
    expect(portFindings(facts, 4789)).toEqual([
      {
        ...{ name: 'NotLookedAt', about: 'demo' },
        because: 'the security groups: AWS denies ec2:DescribeSecurityGroups to you',
      },
    ]);
  });

  it('that EC2 does not show are left out, and so is an instance without any', () => {
    expect(portFindings(adoptFacts({ ingress: { seen: new Map() } }), 4789)).toEqual([]);
    const { instances } = adoptFacts();
    const bare = new Map([...instances].map(([id, one]) => [id, { ...one, securityGroups: [] }] as const));
    expect(portFindings(adoptFacts({ instances: bare }), 4789)).toEqual([]);
    const two = new Map(
      [...instances].map(([id, one]) => [id, { ...one, securityGroups: ['sg-nodes', 'sg-hidden'] }] as const),
    );
    expect(portFindings(adoptFacts({ instances: two, ingress: { seen: new Map([['sg-nodes', []]]) } }), 4789)).toEqual(
      [],
    );
    const facts = adoptFacts();
    const none = changed(facts.instances, 1, foundInstance(1, { securityGroups: [] }));
    expect(portFindings({ ...facts, instances: none }, 4789).map(({ about }) => about)).toEqual([
      'managers',
      'workers',
    ]);
  });
});
