// An instance waits in the launch hook of its group: it is to join.
import { defineEvent } from './event.ts';
import { lifecycleDetail, lifecycleExample } from './lifecycle-action.ts';

export const launchAction = defineEvent({
  source: 'aws.autoscaling',
  type: 'EC2 Instance-launch Lifecycle Action',
  detail: lifecycleDetail,
  example: lifecycleExample('launch'),
  means: ({ EC2InstanceId: instance }) => [{ kind: 'hook', instance, transition: 'launch' }],
});
