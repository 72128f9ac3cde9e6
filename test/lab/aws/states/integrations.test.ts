// A call that the lab does not have is refused when the machine is deployed.
import { describe, expect, it } from '@jest/globals';

import { callOf, checkIntegrations } from '../../../../lab/aws/states/integrations.ts';
import { define as definition } from './fake-runtime.ts';

const SDK = 'arn:aws:states:::aws-sdk';
const task = (Resource: string): Record<string, unknown> => ({ Type: 'Task', Resource, End: true });
const knows = (call: string): boolean => ['ec2.DescribeInstances', 'states.StartExecution'].includes(call);

describe('callOf', () => {
  it.each([
    [`${SDK}:ec2:describeInstances`, 'ec2.DescribeInstances'],
    [`${SDK}:ssm:sendCommand.waitForTaskToken`, 'ssm.SendCommand'],
    ['arn:aws:states:::states:startExecution', 'states.StartExecution'],
    ['arn:aws:states:::lambda:invoke.waitForTaskToken', undefined],
  ])('%s is %s', (resource, call) => {
    expect(callOf(resource)).toBe(call);
  });
});

describe('checkIntegrations', () => {
  it('takes what the lab has', () => {
    const fine = definition({ A: { ...task(`${SDK}:ec2:describeInstances`) } });

    expect(() => {
      checkIntegrations(fine, knows);
    }).not.toThrow();
  });

  it.each([
    { where: 'a state', states: { A: task(`${SDK}:ec2:rebootInstances`) }, path: 'States.A.Resource' },
    { where: 'a service', states: { A: task(`${SDK}:sqs:sendMessage`) }, path: 'States.A.Resource' },
    {
      where: 'a branch',
      states: {
        A: {
          Type: 'Parallel',
          End: true,
          Branches: [{ StartAt: 'B', States: { B: task(`${SDK}:ec2:rebootInstances`) } }],
        },
      },
      path: 'States.B.Resource',
    },
    {
      where: 'a map',
      states: {
        A: {
          Type: 'Map',
          Items: [1],
          End: true,
          ItemProcessor: { StartAt: 'B', States: { B: task(`${SDK}:ec2:rebootInstances`) } },
        },
      },
      path: 'States.B.Resource',
    },
  ])('refuses what it has not, in $where', ({ states, path }) => {
    const check = (): void => {
      checkIntegrations(definition(states), knows);
    };

    expect(check).toThrow(expect.objectContaining({ name: 'DefinitionError', path }));
  });
});
