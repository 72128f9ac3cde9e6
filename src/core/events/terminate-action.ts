// An instance waits in the terminate hook of its group: it is to leave.
import { defineEvent } from './event.ts';
import { lifecycleDetail, lifecycleExample } from './lifecycle-action.ts';

export const terminateAction = defineEvent({
  source: 'aws.autoscaling',
  type: 'EC2 Instance-terminate Lifecycle Action',
  detail: lifecycleDetail,
  example: lifecycleExample('terminate'),
  means: ({ EC2InstanceId: instance }) => [{ kind: 'hook', instance, transition: 'terminate' }],
});
