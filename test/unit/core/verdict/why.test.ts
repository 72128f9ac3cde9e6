import { describe, expect, it } from '@jest/globals';

import { whyOf } from '../../../../src/core/verdict/why.ts';
import type { WhyFacts } from '../../../../src/core/verdict/why.ts';
import type { HookFacts } from '../../../../src/core/lifecycle/hooks.ts';

const metadata = '{"cluster":"blue","role":"worker","timeout":1800}';
const hook = (name: string, transition: string): HookFacts => ({
  name: `skep-dev-${name}`,
  transition: `autoscaling:EC2_INSTANCE_${transition}`,
  metadata,
  timeout: 1800,
  defaultResult: 'CONTINUE',
});
const HOOKS = [hook('launch', 'LAUNCHING'), hook('terminate', 'TERMINATING')];
const group: NonNullable<WhyFacts['group']> = {
  name: 'workers',
  cluster: 'blue',
  role: 'worker',
  lifecycle: 'InService',
  zone: 'eu-west-1a',
  hooks: HOOKS,
};
const node: NonNullable<WhyFacts['node']> = {
  instance: 'i-1',
  group: 'workers',
  role: 'worker',
  phase: 'ready',
  nodeId: 'node1',
  ownerArn: 'arn:aws:states:eu-west-1:123456789012:execution:skep-dev-scale-out:one',
  leaseUntil: 0,
};
const facts: WhyFacts = {
  instance: 'i-1',
  stage: 'dev',
  ec2: 'running',
  group,
  cluster: 'blue',
  declared: ['blue'],
  hold: undefined,
  refused: undefined,
  node,
  execution: { status: 'SUCCEEDED', since: 900 },
  agent: 'online',
  failed: undefined,
  forced: undefined,
  now: 1_000,
};
const waiting = { ...group, lifecycle: 'Pending:Wait' };
const joining = {
  ...node,
  phase: 'joining',
  step: 'Join',
  try: 2,
  sentAt: 940,
  target: 'i-1',
  leaseUntil: 2_000,
} as const;
const running = { status: 'RUNNING', since: 900 };

describe('why an instance is where it is: the cause', () => {
  it('is that all is well, where all is', () => {
    expect(whyOf(facts)).toEqual({
      cause: 'as it should be',
      next: 'nothing',
      story: [
        'EC2: i-1 is running',
        'Auto Scaling: InService in group workers (worker), zone eu-west-1a',
        'cluster: blue',
        'SSM agent: online',
        'skep: worker ready, node node1',
        expect.stringMatching(/^execution: SUCCEEDED since 1970-01-01T00:15:00Z, arn:/),
      ],
    });
  });

  it.each<[string, Partial<WhyFacts>, string, string]>([
    [
      'nobody knows it',
      { ec2: undefined, group: undefined, node: undefined, cluster: undefined },
      'neither AWS nor skep knows i-1',
      'check the id',
    ],
    [
      'AWS does not show it any more, and skep has its node',
      { ec2: undefined, group: undefined, execution: undefined },
      'in no group any more',
      'skep plan',
    ],
    [
      'EC2 does not show it yet, and its group does',
      { ec2: undefined, group: waiting, node: undefined, execution: undefined },
      'the event of its launch has not come',
      'skep tidy',
    ],
    [
      'it is nobody’s',
      { group: undefined, node: undefined, cluster: undefined },
      'it is in no Auto Scaling group',
      'skep leaves it alone',
    ],
    [
      'the group has no tags',
      { group: { ...group, cluster: undefined }, cluster: undefined, node: undefined },
      'its group workers has no tag skep:cluster',
      'tag the group',
    ],
    [
      'the cluster was never declared',
      { declared: ['green'], node: undefined },
      'its group workers is tagged with cluster blue, which nobody has declared',
      'skep create blue',
    ],
    [
      'its engine is in another swarm',
      { node: { ...node, foreignSwarm: { because: 'swarm abc' } } },
      "a swarm that is not the cluster's: swarm abc",
      'docker swarm leave',
    ],
    [
      'a hook is missing',
      { group: { ...group, hooks: [] }, node: undefined },
      'its group workers: ',
      'skep tidy blue --repair-hooks',
    ],
    [
      'its event was refused',
      { group: waiting, node: undefined, refused: { because: 'no role', at: 940 } },
      'was refused at 1970-01-01T00:15:40Z: no role',
      'mend the tags',
    ],
    [
      'the cluster is held',
      { group: waiting, node: undefined, hold: { since: 940, because: 'a look' } },
      'cluster blue is held since 1970-01-01T00:15:40Z: a look',
      'skep unhold blue',
    ],
    [
      'its agent never registered',
      { group: waiting, node: joining, execution: running, agent: 'never' },
      'the SSM agent of i-1 has never registered',
      'AmazonSSMManagedInstanceCore',
    ],
    [
      'its agent is away',
      { group: waiting, node: joining, execution: running, agent: 'lost' },
      'does not answer any more',
      'wait for it',
    ],
    [
      'its event has not come',
      { group: waiting, node: undefined, execution: undefined },
      'the event of its launch has not come: its launch hook is open, and no execution has claimed it',
      'skep tidy',
    ],
    [
      'it waits for a step',
      { group: waiting, node: joining, execution: running },
      'it waits for 60 s for Join (command 2): its Docker has to be up, and to reach a manager on port 2377',
      'tried again',
    ],
    [
      'its step asks a manager',
      { group: waiting, node: { ...joining, step: 'Confirm', target: 'i-9' }, execution: running },
      'for Confirm (command 2, asked of i-9)',
      'tried again',
    ],
    [
      'its execution died',
      { group: waiting, node: joining, execution: { status: 'ABORTED', since: 900 } },
      'its execution ended (ABORTED)',
      'the next tidy',
    ],
    [
      'its launch failed',
      {
        group: undefined,
        node: undefined,
        execution: undefined,
        failed: { instance: 'i-1', error: 'JoinRefused', at: 940 },
      },
      'its launch failed at 1970-01-01T00:15:40Z with JoinRefused',
      'docs/errors.md',
    ],
    [
      'its hook ended undrained',
      { group: undefined, node: { ...node, phase: 'gone' }, forced: { instance: 'i-1', at: 940 } },
      'without a drain',
      'ForcedCompletion',
    ],
    [
      'its launch failed, and its execution says why',
      {
        group: undefined,
        node: undefined,
        failed: { instance: 'i-1', error: 'JoinRefused', at: 940 },
        execution: { status: 'FAILED', since: 900, error: 'JoinRefused', cause: 'the token is old' },
      },
      'with JoinRefused: the token is old',
      'docs/errors.md',
    ],
    [
      'its launch failed once, and it is in service now',
      { failed: { instance: 'i-1', error: 'JoinRefused', at: 940 } },
      'as it should be',
      'nothing',
    ],
    [
      'its group has no role, by which its hooks could be looked at',
      { group: { ...waiting, role: undefined, hooks: [] }, node: undefined },
      'the event of its launch has not come',
      'skep tidy',
    ],
    [
      'an event of its group was refused, and it is known all the same',
      { refused: { because: 'no role', at: 940 } },
      'as it should be',
      'nothing',
    ],
    [
      'its event was refused, and what skep knows of it is over',
      { group: waiting, node: { ...node, phase: 'gone' }, refused: { because: 'no role', at: 940 } },
      'an event of its group workers was refused',
      'mend the tags',
    ],
    [
      'the cluster is held, and its node is ready',
      { hold: { since: 940, because: 'a look' } },
      'as it should be',
      'nothing',
    ],
    [
      'its node is gone, and it is launched once more',
      { group: waiting, node: { ...node, phase: 'gone' } },
      'the event of its launch has not come',
      'skep tidy',
    ],
    [
      'it is in service, and skep has no node of it',
      { node: undefined, execution: undefined },
      'in service, and skep knows no node of it',
      'skep plan shows what the next tidy would do',
    ],
    [
      'the agent of a node that is ready is away, for which nothing waits',
      { agent: 'lost' },
      'as it should be',
      'nothing',
    ],
    [
      'the agent is away because its instance has stopped',
      { ec2: 'stopped', group: waiting, node: joining, execution: running, agent: 'lost' },
      'it waits for 60 s for Join',
      'tried again',
    ],
    [
      'nobody has asked after its agent',
      { group: waiting, node: joining, execution: running, agent: undefined },
      'it waits for 60 s for Join',
      'tried again',
    ],
    [
      'its execution has sent nothing yet',
      { group: waiting, node: { ...joining, step: undefined }, execution: running },
      'its execution is at work, and has sent no command yet',
      'wait',
    ],
    [
      'its execution failed, and says why',
      {
        group: waiting,
        node: joining,
        execution: { status: 'FAILED', since: 900, error: 'Busy', cause: 'docker was busy' },
      },
      'its execution ended (FAILED: Busy): docker was busy',
      'the next tidy',
    ],
    [
      'its execution is not known',
      { group: waiting, node: joining, execution: undefined },
      'on its way into the swarm (joining)',
      'skep plan',
    ],
    [
      'AWS has ended it, and its node is still there',
      { ec2: 'terminated', group: undefined },
      'its instance is gone, and the next tidy removes its node',
      'skep plan',
    ],
    ['it is over', { ec2: 'terminated', group: undefined, node: { ...node, phase: 'gone' } }, 'it is gone', 'nothing'],
    ['no execution came', { group: waiting, node: undefined }, 'no execution has claimed it', 'skep tidy'],
  ])('where %s', (_name, changes, cause, next) => {
    expect(whyOf({ ...facts, ...changes })).toMatchObject({
      cause: expect.stringContaining(cause),
      next: expect.stringContaining(next),
    });
  });

  it.each<[string, Partial<WhyFacts>, string]>([
    [
      'a hold for which no reason was given',
      { hold: { since: 940, because: '' } },
      'is held since 1970-01-01T00:15:40Z',
    ],
    [
      'a launch that failed, and an execution that does not say why',
      {
        failed: { instance: 'i-1', error: 'JoinRefused', at: 940 },
        execution: { status: 'FAILED', since: 900, cause: '' },
      },
      'with JoinRefused',
    ],
    [
      'an execution that ended without a cause',
      { node: joining, execution: { status: 'ABORTED', since: 900 } },
      'its execution ended (ABORTED)',
    ],
    [
      'a step of which neither the time nor the target is known, nor what it needs',
      {
        node: { ...joining, step: 'Prepare', try: undefined, sentAt: undefined, target: undefined },
        execution: running,
      },
      'it waits for Prepare (command 1)',
    ],
    [
      'a further round of a step',
      { node: { ...joining, step: 'HandOver-3' }, execution: running },
      'it waits for 60 s for HandOver-3 (command 2): its services have to run elsewhere first',
    ],
  ])('says no more than is known: %s', (_name, changes, end) => {
    const { cause } = whyOf({ ...facts, group: waiting, node: undefined, ...changes });
    expect(cause.slice(-end.length)).toBe(end);
  });

  it('of another instance’s failure is not this one’s', () => {
    const failed = { instance: 'i-2', error: 'JoinRefused', at: 940 };
    expect(whyOf({ ...facts, failed }).cause).toBe('as it should be');
  });
});

describe('why an instance is where it is: the story', () => {
  it.each<[string, Partial<WhyFacts>, string[]]>([
    [
      'of which nobody knows anything',
      { ec2: undefined, group: undefined, node: undefined, cluster: undefined, agent: undefined, execution: undefined },
      [
        'EC2: i-1 is not shown',
        'Auto Scaling: in no group',
        'cluster: none',
        'SSM agent: not asked',
        'skep: knows no node of it',
      ],
    ],
    [
      'of which a step is under way, while the cluster is held',
      {
        group: { ...waiting, role: undefined },
        node: { ...joining, nodeId: undefined },
        execution: undefined,
        hold: { since: 940, because: 'a look' },
      },
      [
        'EC2: i-1 is running',
        'Auto Scaling: Pending:Wait in group workers (no role), zone eu-west-1a',
        'cluster: blue, held since 1970-01-01T00:15:40Z',
        'SSM agent: online',
        'skep: worker joining, node not known yet, last step Join (command 2)',
      ],
    ],
  ])('of one %s', (_name, changes, story) => {
    expect(whyOf({ ...facts, ...changes }).story).toEqual(story);
  });
});
