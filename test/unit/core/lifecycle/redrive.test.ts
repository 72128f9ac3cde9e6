import { describe, expect, it } from '@jest/globals';

import { redriveName, redriveOf } from '../../../../src/core/lifecycle/redrive.ts';
import type { Redrive } from '../../../../src/core/lifecycle/redrive.ts';

const INSTANCE = 'i-0123456789abcdef0';
const action = (kind: 'launch' | 'terminate', hook = `skep-dev-${kind}`, instance = INSTANCE): object => ({
  source: 'aws.autoscaling',
  'detail-type': `EC2 Instance-${kind} Lifecycle Action`,
  time: '2026-01-01T00:00:00Z',
  detail: { AutoScalingGroupName: 'workers', LifecycleHookName: hook, EC2InstanceId: instance, Other: 'kept' },
});
const of = (body: unknown): Redrive =>
  redriveOf('dev', { messageId: 'm', body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('a dead letter', () => {
  it.each([
    ['launch', 'scale-out'],
    ['terminate', 'scale-in'],
  ] as const)('of a %s starts the %s that it would have started, with the event as it is', (kind, machine) => {
    const event = action(kind);
    expect(of(event)).toEqual({ kind: 'start', machine, instance: INSTANCE, group: 'workers', event });
  });

  it('that a function failed on is looked into', () => {
    const wrapped = { version: '1.0', requestContext: {}, requestPayload: action('launch'), responsePayload: {} };
    expect(of(wrapped)).toMatchObject({ kind: 'start', machine: 'scale-out' });
  });

  it.each([
    [
      'of a hook of another stage',
      action('launch', 'skep-prod-launch'),
      'its hook skep-prod-launch is none of stage dev',
    ],
    ['of a hook of somebody else', action('terminate', 'theirs'), 'its hook theirs is none of stage dev'],
    ['about no instance', action('launch', 'skep-dev-launch', 'i-x; reboot'), 'it starts no execution'],
    ['about the end of a command', { source: 'aws.ssm', 'detail-type': 'EC2 Command' }, 'it starts no execution'],
    ['of nobody', {}, 'it starts no execution'],
    ['that is no JSON', '{', 'it starts no execution'],
    ['that is null', 'null', 'it starts no execution'],
  ])('%s is left', (_what, body, because) => {
    expect(of(body)).toMatchObject({ kind: 'leave', because: expect.stringContaining(because) });
  });

  it('starts the same execution however often it is read', () => {
    expect(redriveName({ messageId: 'a-b', body: '' })).toBe('redrive-a-b');
  });
});
