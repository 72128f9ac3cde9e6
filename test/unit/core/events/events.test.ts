// The registry of events: every example is read, and what is no event of this kind is told from one that is broken.
import { globSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { EVENTS } from '../../../../src/core/events/all.ts';
import type { EventUnit, Meaning } from '../../../../src/core/events/event.ts';
import { unitOf } from '../../../../src/core/events/event.ts';
import { responseTo } from '../../../../src/core/events/respond.ts';
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
    expect(unit.read(unit.example)).toMatchObject({ instance: 'i-1234567890abcdef0' });
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

describe('a spot interruption', () => {
  const [unit] = EVENTS.filter(({ type }) => type === 'EC2 Spot Instance Interruption Warning');
  const read = (detail: unknown): unknown => unit?.read({ ...unit.example, detail });

  it.each(['terminate', 'stop', 'hibernate'])('to %s takes the instance two minutes after the event', (action) => {
    expect(read({ 'instance-id': INSTANCE, 'instance-action': action })).toEqual({
      kind: 'interruption',
      instance: INSTANCE,
      at: Date.parse('2026-11-20T10:02:00Z') / 1000,
    });
  });

  it.each(['i-1', '$(reboot)', 'i-0123456789abcdef0\n'])('of %j is of no instance', (instance) => {
    expect(read({ 'instance-id': instance, 'instance-action': 'stop' })).toHaveProperty('problem');
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
    expect(about({ phase: 'leaving', leaseUntil: NOW })).toEqual({ do: 'evacuate', diesAt: at });
  });

  it('of a manager: its end is noted, and the quorum rule has the word', () => {
    expect(about({ role: 'manager' })).toEqual({ do: 'tell', diesAt: at });
  });

  it('of one that is out of the swarm, or that is gone by now: nothing', () => {
    expect([about({ phase: 'gone' }), about({}, at)].map((one) => one.do)).toEqual(['nothing', 'nothing']);
  });

  it('a hook is not its affair', () => {
    expect(about({}, NOW, { kind: 'hook', instance: INSTANCE, transition: 'launch' })).toMatchObject({ do: 'nothing' });
  });
});
