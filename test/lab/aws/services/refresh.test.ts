import { describe, expect, it } from '@jest/globals';

import type { Group } from '../../../../lab/aws/services/group.ts';
import { LAUNCHING, SECOND, TERMINATING, groups, hook } from './groups.ts';

type Tried = ReturnType<typeof groups>;

const OLD = { dockerAfter: 0, agentAfter: 0 };
const NEW = { dockerAfter: 0, agentAfter: 1 };
const FIRST = { minHealthy: 100, maxHealthy: 100 };
const ALARM = 'skep-dev-launch-abandoned';

const lives = (group: Group, lifecycle: string): string[] =>
  [...group.members.values()].filter((one) => one.lifecycle === lifecycle).map(({ instanceId }) => instanceId);

async function complete({ autoScaling, clock }: Tried): Promise<void> {
  for (const action of [...autoScaling.actions.values()]) {
    autoScaling.complete(action, 'CONTINUE');
  }
  await clock.advance(1);
}

async function threeOf(tried: Tried): Promise<Group> {
  const group = await tried.create(3, [hook(LAUNCHING), hook(TERMINATING)], {
    versions: [OLD, NEW],
    version: 1,
    machine: OLD,
  });
  await complete(tried);
  return group;
}

describe('100/100', () => {
  it('replaces one at a time, and launches it first', async () => {
    const tried = groups();
    const group = await threeOf(tried);
    const refresh = tried.autoScaling.startRefresh('workers', FIRST, true);
    for (let turn = 0; turn < 20 && refresh.status === 'InProgress'; turn += 1) {
      expect(lives(group, 'InService').length).toBeGreaterThanOrEqual(3);
      expect(lives(group, 'Pending:Wait').length).toBeLessThanOrEqual(1);
      expect(lives(group, 'Terminating:Wait').length).toBeLessThanOrEqual(1);
      await complete(tried);
    }

    expect(refresh.status).toBe('Successful');
  });
});

describe('an alarm that rings in a refresh', () => {
  it('fails it: what waits in its launch hook goes, and every old instance stays', async () => {
    const tried = groups();
    const group = await threeOf(tried);
    const old = lives(group, 'InService');
    const wish = { range: FIRST, awaitsTermination: true, alarms: [ALARM] };
    const refresh = tried.autoScaling.refreshes.start(group, wish);
    await tried.clock.advance(1);
    tried.autoScaling.heardAlarm('skep-dev-another');
    expect(refresh.status).toBe('InProgress');
    tried.autoScaling.heardAlarm(ALARM);
    await complete(tried);

    expect([refresh.status, refresh.reason]).toEqual(['Failed', `The alarm ${ALARM} went into the ALARM state.`]);
    expect(lives(group, 'InService')).toEqual(old);
    expect(group.members.size).toBe(3);
  });

  it('rolls it back where it was told to: what it has launched is replaced by what there was', async () => {
    const tried = groups();
    const group = await threeOf(tried);
    const wish = { range: FIRST, awaitsTermination: true, alarms: [ALARM], autoRollback: true, version: 2 };
    const refresh = tried.autoScaling.refreshes.start(group, wish);
    await tried.clock.advance(1);
    await complete(tried);
    expect([group.version, group.machine]).toEqual([2, NEW]);
    tried.autoScaling.heardAlarm(ALARM);
    expect([refresh.status, group.version, group.machine]).toEqual(['RollbackInProgress', 1, OLD]);
    const launched = [...refresh.of];
    for (let turn = 0; turn < 20 && refresh.status === 'RollbackInProgress'; turn += 1) {
      await complete(tried);
    }

    expect(refresh.status).toBe('RollbackSuccessful');
    expect(launched.length).toBeGreaterThan(0);
    expect(lives(group, 'InService').filter((id) => launched.includes(id))).toEqual([]);
  });
});

describe('a refresh that gets nothing into service', () => {
  it('fails after an hour', async () => {
    const tried = groups();
    const group = await threeOf(tried);
    const refresh = tried.autoScaling.startRefresh('workers', FIRST, true);
    for (let minute = 0; minute < 59; minute += 1) {
      await tried.clock.advance(60 * SECOND);
      for (const action of [...tried.autoScaling.actions.values()].filter(({ hook: { name } }) => name === 'launch')) {
        tried.autoScaling.complete(action, 'ABANDON');
      }
    }
    expect(refresh.status).toBe('InProgress');
    await tried.clock.advance(120 * SECOND);

    expect([refresh.status, lives(group, 'InService').length]).toEqual(['Failed', 3]);
  });
});

describe('cancelling a refresh', () => {
  it('waits for what was launched, and then lets the surplus go', async () => {
    const tried = groups();
    const group = await threeOf(tried);
    const refresh = tried.autoScaling.startRefresh('workers', FIRST, true);
    await tried.clock.advance(1);
    tried.autoScaling.refreshes.cancel(group);
    expect([refresh.status, lives(group, 'Pending:Wait').length]).toEqual(['Cancelling', 1]);
    await complete(tried);
    await complete(tried);

    expect([refresh.status, group.members.size]).toEqual(['Cancelled', 3]);
  });

  it.each(['cancel', 'rollback'] as const)('%s is refused where none is under way', async (what) => {
    const tried = groups();
    const group = await threeOf(tried);
    expect(() => tried.autoScaling.refreshes[what](group)).toThrow('No in progress or pending Instance Refresh');
  });
});

describe('what AWS refuses', () => {
  it.each([
    ['a rollback without a configuration', { autoRollback: true }, 'needs a desired configuration'],
    ['a version that is not there', { version: 3 }, 'version 3 does not exist'],
    ['percentages too far apart', { range: { minHealthy: 50, maxHealthy: 200 } }, 'at most 100'],
  ])('%s', async (_, changes, message) => {
    const tried = groups();
    const group = await threeOf(tried);
    const wish = { range: FIRST, awaitsTermination: true, ...changes };
    expect(() => tried.autoScaling.refreshes.start(group, wish)).toThrow(message);
    expect(group.refresh).toBeUndefined();
  });

  it('to roll one back by hand that began without a configuration', async () => {
    const tried = groups();
    const group = await threeOf(tried);
    tried.autoScaling.startRefresh('workers', FIRST, true);
    expect(() => tried.autoScaling.refreshes.rollback(group)).toThrow('no desired configuration');
  });
});
