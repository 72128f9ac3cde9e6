// What a tidy does about what AWS has announced of instances.
import { describe, expect, it } from '@jest/globals';

import { asksForStatus } from '../../../../src/core/tidy/replace-warned.ts';
import { USUAL_POLICY } from '../../../../src/core/lifecycle/warning-policy.ts';
import type { KnownNode, SwarmNode, TidyFacts } from '../../../../src/core/tidy/facts.ts';
import { planTidy } from '../../../../src/core/tidy/repairs.ts';
import { NOW } from '../../support/examples.ts';
import { down, factsOf, group, item, managerGroup, manager, node, only } from '../../support/tidy-facts.ts';

const ids = Array.from({ length: 10 }, (_, n) => `i-${String(n).padStart(17, '0')}`);
const workers: SwarmNode[] = ids.map((instance, n) => node({ instance, nodeId: String(n).padStart(25, '0') }));
const nodes: SwarmNode[] = [...workers, manager({ nodeId: 'm'.repeat(25), instance: 'i-000000000000000aa' })];
const known = ids.map((instance, n) => item({ instance, nodeId: String(n).padStart(25, '0') }));
const groupOf = (changes: (n: number) => { lifecycle?: string; healthy?: boolean } = () => ({})) => [
  group(ids.map((instance, n) => ({ instance, lifecycle: 'InService', ...changes(n) }))),
];
const announced = (of: readonly number[], code = 'instance-retirement'): TidyFacts['scheduled'] =>
  new Map(of.map((n) => [ids[n] ?? '', { code, at: NOW + 86_400 * (10 - n) }]));
const facts = (changes: Partial<TidyFacts>): Partial<TidyFacts> => ({ nodes, known, groups: groupOf(), ...changes });
const replaced = (changes: Partial<TidyFacts>): string[] =>
  only(facts(changes), 'replace').map(({ instance }) => instance);
const told = (changes: Partial<TidyFacts>): string[] =>
  planTidy(factsOf(facts(changes))).reports.map(({ instance = '', because }) => `${instance} ${because}`);

describe('what AWS has announced', () => {
  it.each(['instance-retirement', 'instance-stop'])('%s: the group replaces the instance before', (code) => {
    expect(only(facts({ scheduled: announced([3], code) }), 'replace')).toEqual([
      {
        kind: 'replace',
        instance: ids[3],
        group: 'workers',
        because: `AWS has announced ${code} for 2026-01-08T00:00Z: its group replaces it`,
      },
    ]);
  });

  it.each(['instance-reboot', 'system-reboot', 'system-maintenance'])('%s is told, and nothing is replaced', (code) => {
    const scheduled = announced([3], code);

    expect(replaced({ scheduled })).toEqual([]);
    expect(told({ scheduled })).toEqual([
      `${ids[3] ?? ''} AWS has announced ${code} for 2026-01-08T00:00Z: its node will be away for a while`,
    ]);
  });

  it('is acted on for a fifth of the cluster at a time, the soonest first; the others are told', () => {
    const scheduled = announced([1, 5, 9]);

    expect(replaced({ scheduled })).toEqual([ids[9], ids[5]]);
    expect(told({ scheduled })).toEqual([expect.stringMatching(/not replaced now, since others are$/)]);
  });

  it('replaces nothing where what is seen may be the view of the smaller part', () => {
    const away = workers.map((one, n) => (n < 6 ? down({ ...one, status: 'down' }) : one));

    expect(replaced({ nodes: [...away, ...nodes.slice(10)], scheduled: announced([9]) })).toEqual([]);
  });

  it('waits for what goes already, for whatever reason', () => {
    const scheduled = announced([1, 5, 9]);
    const going = (of: readonly number[], how: { lifecycle?: string; healthy?: boolean }) =>
      replaced({ scheduled, groups: groupOf((n) => (of.includes(n) ? how : {})) });

    expect(going([0], { healthy: false })).toEqual([ids[9]]);
    expect(going([0, 2], { lifecycle: 'Terminating:Wait' })).toEqual([]);
    // One that is replaced already.
    expect(going([9], { healthy: false })).toEqual([ids[5]]);
  });

  it('counts those that the same tidy replaces since they are down', () => {
    const groups = groupOf().map((one) => ({ ...one, replaceDown: true }));
    const downNodes = nodes.map((one, n) => (n < 2 ? down({ ...one, status: 'down', age: 900 }) : one));
    const states = new Map(ids.map((id) => [id, 'running']));

    expect(replaced({ scheduled: announced([9]), groups, nodes: downNodes, states })).toEqual([ids[0], ids[1]]);
  });

  it('is done for one manager at a time, and for none while another changes', () => {
    const three = ids.slice(0, 3);
    const managers = three.map((instance, n) => manager({ instance, nodeId: String(n).padStart(25, '0') }));
    const of = (healthy: boolean) => ({
      nodes: [...managers, ...workers.slice(3)],
      groups: [
        managerGroup(three.map((instance, n) => ({ instance, lifecycle: 'InService', healthy: n > 0 || healthy }))),
      ],
      scheduled: announced([1, 2]),
    });

    expect([replaced(of(true)), replaced(of(false))]).toEqual([[ids[2]], []]);
  });

  it('is nothing where nobody asked, or of instances of others', () => {
    expect(replaced({})).toEqual([]);
    expect(replaced({ scheduled: new Map([['i-0ffffffffffffffff', { code: 'instance-stop', at: NOW }]]) })).toEqual([]);
  });
});

describe('what a group wishes', () => {
  const DAY = 86_400;
  /** Its date is in a day. */
  const wishing = (policy: Partial<typeof USUAL_POLICY>, more: Partial<TidyFacts> = {}): Partial<TidyFacts> => ({
    scheduled: announced([9]),
    groups: groupOf().map((one) => ({ ...one, policy: { ...USUAL_POLICY, ...policy } })),
    ...more,
  });

  it('is how long before the date an instance is replaced', () => {
    expect([DAY - 1, DAY, Infinity].map((ahead) => replaced(wishing({ ahead })))).toEqual([[], [ids[9]], [ids[9]]]);
    expect(told(wishing({ ahead: 3600 }))).toEqual([expect.stringMatching(/: its group replaces it 1 hours before$/)]);
  });

  it('may be that it is never replaced', () => {
    expect(replaced(wishing({ ahead: undefined }))).toEqual([]);
    expect(told(wishing({ ahead: undefined }))).toEqual([expect.stringMatching(/skep:replace-announced/)]);
  });

  it('is how many may go at once', () => {
    const all = { scheduled: announced([1, 3, 5, 7, 9]) };

    expect(replaced(wishing({ share: 0.4 }, all))).toEqual([ids[9], ids[7], ids[5], ids[3]]);
    expect(replaced(wishing({ share: 0.01 }, all))).toEqual([ids[9]]);
  });

  it('is of no account where AWS takes an instance within the hour: only what has time waits', () => {
    const soon = new Map(
      [0, 1, 2, 3, 4].map((n) => [ids[n] ?? '', { code: 'instance-stop', at: NOW + (n < 4 ? 3600 : 3601) }]),
    );

    expect(replaced(wishing({}, { scheduled: soon }))).toEqual(ids.slice(0, 4));
  });

  it('is told where a tag of it says nothing that can be done', () => {
    const groups = groupOf().map((one) => ({ ...one, tagProblems: ['skep:replace-share is not that'] }));

    expect(planTidy(factsOf(facts({ groups }))).reports).toEqual([
      { group: 'workers', because: 'skep:replace-share is not that' },
    ]);
  });
});

describe('an instance whose status checks fail', () => {
  const failing = (since: number, impaired = true): Partial<TidyFacts> => ({
    impaired: new Map([[ids[2] ?? '', since]]),
    groups: groupOf().map((one) => ({ ...one, policy: { ...USUAL_POLICY, impaired } })),
  });

  it('is told: its group replaces it by itself, or has that suspended', () => {
    expect(replaced(failing(0, false))).toEqual([]);
    expect(told(failing(NOW - 900, false))).toEqual([
      expect.stringMatching(
        /^i-0{16}2 its status checks have failed since .*Z: its group .* \(skep:replace-impaired\)$/,
      ),
    ]);
  });

  it('is replaced where its group wishes so, once they have failed for as long as a node may be down', () => {
    expect(replaced(failing(NOW - 900))).toEqual([ids[2]]);
    expect(replaced(failing(NOW - 899))).toEqual([]);
    expect(told(failing(NOW - 899))).toEqual([expect.stringMatching(/that may pass$/)]);
  });

  it('goes before those that have a date, within the same share', () => {
    expect(replaced({ ...failing(NOW - 900), scheduled: announced([7, 9]) })).toEqual([ids[2], ids[9]]);
  });

  it('is replaced for that also where it is only to be rebooted', () => {
    expect(replaced({ ...failing(NOW - 900), scheduled: announced([2], 'system-reboot') })).toEqual([ids[2]]);
  });

  it('of others, or in standby, is nothing', () => {
    const standby = groupOf((n) => (n === 2 ? { lifecycle: 'Standby' } : {}));

    expect(replaced({ ...failing(0), groups: standby })).toEqual([]);
    expect(replaced({ impaired: new Map([['i-0ffffffffffffffff', 0]]) })).toEqual([]);
  });
});

describe('what EC2 recommends', () => {
  const recommended = (of: readonly number[]) =>
    known.map((one, n) => (of.includes(n) ? { ...one, recommendedAt: NOW } : one));
  const at = (of: readonly number[], wish: 'ignore' | 'drain', capacityRebalance = false): string[] =>
    replaced({
      known: recommended(of),
      groups: groupOf().map((one) => ({ ...one, capacityRebalance, policy: { ...USUAL_POLICY, recommended: wish } })),
    });

  it('is done within its share where the group wishes so, unless Auto Scaling does it by itself', () => {
    expect([at([1], 'ignore'), at([1], 'drain'), at([1], 'drain', true)]).toEqual([[], [ids[1]], []]);
    expect(at([1, 2, 3, 4], 'drain')).toEqual([ids[1], ids[2]]);
  });

  it('comes after what has a date', () => {
    const groups = groupOf().map((one) => ({ ...one, policy: { ...USUAL_POLICY, recommended: 'drain' as const } }));

    expect(replaced({ known: recommended([0, 1]), groups, scheduled: announced([5]) })).toEqual([ids[5], ids[0]]);
  });
});

describe('what AWS Health has announced', () => {
  const said = (at: number, more: Partial<TidyFacts> = {}): Partial<TidyFacts> => ({
    known: known.map((one, n) => (n === 4 ? { ...one, announced: 'instance-retirement', announcedAt: at } : one)),
    ...more,
  });

  it('counts where EC2 does not list it, until a day after its date', () => {
    expect([NOW + 1, NOW - 86_400, NOW - 86_401].map((at) => replaced(said(at)))).toEqual([[ids[4]], [ids[4]], []]);
    expect(replaced(said(NOW + 1, { scheduled: new Map() }))).toEqual([ids[4]]);
  });

  it('is over where EC2 says so', () => {
    const scheduled = new Map([[ids[4] ?? '', { code: 'instance-retirement', at: NOW + 1, isOver: true }]]);

    expect(replaced(said(NOW + 1, { scheduled }))).toEqual([]);
  });
});

describe('whether a tidy asks', () => {
  it.each([1, 3, 6])('is so for about one in six, also where it comes every %s0 minutes', (every) => {
    const asked = Array.from({ length: 600 }, (_, n) =>
      asksForStatus({ cluster: 'prod', known: [], now: NOW + n * every * 600 }),
    ).filter(Boolean);

    expect(asked.length).toBeGreaterThan(60);
    expect(asked.length).toBeLessThan(150);
  });

  it('is always so where Health has announced something of one that is not gone', () => {
    const asks = (changes: Partial<KnownNode>): number =>
      Array.from({ length: 60 }, (_, n) =>
        asksForStatus({ cluster: 'prod', known: [item(changes)], now: NOW + n * 600 }),
      ).filter(Boolean).length;

    expect(asks({ announced: 'instance-stop', announcedAt: NOW })).toBe(60);
    expect(asks({ announced: 'instance-stop', announcedAt: NOW, phase: 'gone' })).toBe(asks({}));
    expect(asks({})).toBeLessThan(30);
  });
});
