// The registry of events: every example is read, and what is no event of this kind is told from one that is broken.
import { globSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { EVENTS } from '../../../../src/core/events/all.ts';
import type { EventUnit, Meaning } from '../../../../src/core/events/event.ts';
import { unitOf } from '../../../../src/core/events/event.ts';
import { responseTo } from '../../../../src/core/events/respond.ts';
import type { WarnedGroup } from '../../../../src/core/events/respond.ts';
import { USUAL_POLICY } from '../../../../src/core/lifecycle/warning-policy.ts';
import { INSTANCE, NOW, nodeOf } from '../../support/examples.ts';

const table = EVENTS.map((unit): [string, EventUnit] => [unit.type, unit]);
const withDetail = (unit: EventUnit, detail: unknown): unknown => ({ ...unit.example, detail });

describe('the registry of events', () => {
  it('has a unit for each file, and each is found by what an event calls itself', () => {
    const shared = ['all', 'event', 'lifecycle-action', 'respond'];
    const files = globSync('src/core/events/*.ts').map((file) => file.replace(/^.*\/|\.ts$/g, ''));

    expect(EVENTS).toHaveLength(files.filter((file) => !shared.includes(file)).length);
    expect(new Set(EVENTS.map(({ source, type }) => `${source} ${type}`)).size).toBe(EVENTS.length);
    expect(EVENTS.map(({ example }) => unitOf(EVENTS, example))).toEqual(EVENTS);
  });

  it.each([
    undefined,
    null,
    5,
    'text',
    {},
    { source: 'aws.ec2' },
    { source: 'aws.ec2', 'detail-type': 'Something New' },
  ])('has nothing for %j', (raw) => {
    expect(unitOf(EVENTS, raw)).toBeUndefined();
  });

  it.each(table)('reads the example of %s', (_type, unit) => {
    expect(unit.read(unit.example)).toMatchObject([{ instance: 'i-1234567890abcdef0' }]);
  });

  it.each(table)('says what is wrong with a %s that is none', (_type, unit) => {
    const broken = [
      undefined,
      5,
      {},
      { ...unit.example, time: 'yesterday' },
      withDetail(unit, undefined),
      withDetail(unit, {}),
    ];
    for (const raw of broken) {
      expect(unit.read(raw)).toEqual({ problem: expect.stringMatching(/./) });
    }
  });
});

describe('an action of a lifecycle hook', () => {
  it.each(['launch', 'terminate'])('tells of the transition that waits: %s', (transition) => {
    const unit = EVENTS.find(({ type }) => type === `EC2 Instance-${transition} Lifecycle Action`);
    expect(unit?.read(unit.example)).toEqual([{ kind: 'hook', instance: 'i-1234567890abcdef0', transition }]);
  });
});

describe('a spot interruption', () => {
  const [unit] = EVENTS.filter(({ type }) => type === 'EC2 Spot Instance Interruption Warning');
  const read = (detail: unknown): unknown => unit?.read({ ...unit.example, detail });

  it.each(['terminate', 'stop', 'hibernate'])('to %s takes the instance two minutes after the event', (action) => {
    expect(read({ 'instance-id': INSTANCE, 'instance-action': action })).toEqual([
      { kind: 'interruption', instance: INSTANCE, at: Date.parse('2026-11-20T10:02:00Z') / 1000 },
    ]);
  });

  it.each(['i-1', '$(reboot)', 'i-0123456789abcdef0\n'])('of %j is of no instance', (instance) => {
    expect(read({ 'instance-id': instance, 'instance-action': 'stop' })).toHaveProperty('problem');
  });
});

describe('an event of AWS Health', () => {
  const [unit] = EVENTS.filter(({ source }) => source === 'aws.health');
  const at = Date.parse('2026-08-27T13:19:03Z') / 1000;
  const read = (changes: object): unknown =>
    unit?.read({ ...unit.example, detail: { ...(unit.example['detail'] as object), ...changes } });
  const of = (...entities: object[]): unknown => read({ affectedEntities: entities });

  it.each([
    ['AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED', 'instance-retirement'],
    ['AWS_EC2_INSTANCE_RETIREMENT_EXPEDITED', 'instance-retirement'],
    ['AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED', 'instance-retirement'],
    ['AWS_EC2_INSTANCE_TERMINATION_SCHEDULED', 'instance-retirement'],
    ['AWS_EC2_INSTANCE_STOP_SCHEDULED', 'instance-stop'],
    ['AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED', 'instance-reboot'],
    ['AWS_EC2_SYSTEM_REBOOT_MAINTENANCE_SCHEDULED', 'system-reboot'],
    ['AWS_EC2_INSTANCE_NETWORK_MAINTENANCE_SCHEDULED', 'system-maintenance'],
  ])('%s announces %s', (eventTypeCode, code) => {
    expect(read({ eventTypeCode })).toEqual([{ kind: 'announced', instance: 'i-1234567890abcdef0', code, at }]);
  });

  it.each([
    { eventTypeCode: 'AWS_EC2_SOMETHING_NEW' },
    { service: 'RDS' },
    { eventTypeCategory: 'issue' },
    { statusCode: 'closed' },
    { affectedEntities: [] },
    { affectedEntities: [{ entityValue: 'vol-0123456789abcdef0' }] },
    { affectedEntities: [{ entityValue: 'i-1234567890abcdef0', status: 'RESOLVED' }] },
  ])('with %j means nothing', (changes) => {
    expect(read(changes)).toEqual([]);
  });

  it('names instances by ARN or by id, as many as it has', () => {
    const arn = 'arn:aws:ec2:us-east-1:123456789012:instance/i-00000001';

    expect(of({ entityValue: 'i-00000002' }, { entityValue: arn }, { entityValue: 'i-0 ; reboot' })).toMatchObject([
      { instance: 'i-00000002' },
      { instance: 'i-00000001' },
    ]);
  });

  it('is broken where its time is none, or where it names more than a page can', () => {
    expect(read({ startTime: 'soon' })).toHaveProperty('problem');
    expect(of(...Array.from({ length: 1001 }, () => ({ entityValue: 'i-00000001' })))).toHaveProperty('problem');
  });
});

describe('what is done about an announcement', () => {
  const about = (changes: Parameters<typeof nodeOf>[0]) =>
    responseTo({ kind: 'announced', instance: INSTANCE, code: 'instance-stop', at: NOW }, nodeOf(changes), NOW).do;

  it.each(['launching', 'joining', 'joined', 'ready'] as const)('of one that is %s: a tidy looks', (phase) => {
    expect([about({ phase }), about({ phase, role: 'manager' })]).toEqual(['tidy', 'tidy']);
  });

  it.each(['leaving', 'gone'] as const)('of one that is %s: nothing', (phase) => {
    expect(about({ phase })).toBe('nothing');
  });
});

describe('what is done about a recommendation', () => {
  const about = (group: WarnedGroup | undefined, phase: 'ready' | 'leaving' = 'ready') =>
    responseTo({ kind: 'recommended', instance: INSTANCE }, nodeOf({ phase }), NOW, group);
  const wishing = (recommended: 'ignore' | 'drain', capacityRebalance = false): WarnedGroup => ({
    policy: { ...USUAL_POLICY, recommended },
    capacityRebalance,
  });

  it('is what its group wishes: nothing where nothing is said, or where Auto Scaling replaces it by itself', () => {
    const all = [undefined, wishing('ignore'), wishing('drain'), wishing('drain', true)].map(
      (group) => about(group).do,
    );

    expect(all).toEqual(['nothing', 'nothing', 'tidy', 'nothing']);
    expect(about(wishing('drain', true))).toMatchObject({ because: expect.stringMatching(/CapacityRebalance/) });
  });

  it('is nothing where it leaves already', () => {
    expect(about(wishing('drain'), 'leaving').do).toBe('nothing');
  });
});

describe('what is done about an interruption', () => {
  const at = NOW + 120;
  const about = (
    changes: Parameters<typeof nodeOf>[0],
    now = NOW + 1,
    meaning: Meaning = { kind: 'interruption', instance: INSTANCE, at },
  ) => responseTo(meaning, nodeOf(changes), now);

  it.each(['launching', 'joining', 'joined', 'ready'] as const)('of a worker that is %s: it leaves', (phase) => {
    expect(about({ phase })).toEqual({ do: 'evacuate', diesAt: at });
  });

  it('of a worker that leaves already: whoever is at work on it is told; where nobody is, it leaves', () => {
    expect(about({ phase: 'leaving', leaseUntil: NOW + 60 })).toEqual({ do: 'tell', diesAt: at });
    expect(about({ phase: 'leaving', leaseUntil: NOW + 1 })).toEqual({ do: 'evacuate', diesAt: at });
  });

  it('of a manager: its end is noted, and the quorum rule has the word', () => {
    expect(about({ role: 'manager' })).toEqual({ do: 'tell', diesAt: at });
  });

  it('of one that is out of the swarm, or that is gone by now: nothing', () => {
    expect([about({ phase: 'gone' }), about({}, at)].map((one) => one.do)).toEqual(['nothing', 'nothing']);
  });

  it('a hook is not its affair', () => {
    const group = { policy: { ...USUAL_POLICY, recommended: 'drain' as const }, capacityRebalance: false };
    const hook = { kind: 'hook', instance: INSTANCE, transition: 'launch' } as const;
    expect(responseTo(hook, nodeOf({}), NOW, group).do).toBe('nothing');
  });
});
