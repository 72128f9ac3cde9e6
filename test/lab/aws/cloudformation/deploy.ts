// An account with CloudFormation, to try: on a virtual clock, with groups whose instances are up soon and whose hooks are answered.
import { CloudFormation } from '../../../../lab/aws/cloudformation/cloudformation.ts';
import { Route53 } from '../../../../lab/aws/services/route53.ts';
import { Profiles } from '../../../../lab/aws/iam/profiles.ts';
import type { Stack } from '../../../../lab/aws/stack/stack.ts';
import { seededRandom } from '../../../../lab/time/random.ts';
import { groups } from '../services/groups.ts';

const PLACE = { account: '123456789012', region: 'eu-west-1', partition: 'aws' };
const POLICY_ARN = 'arn:aws:iam::123456789012:policy/skep-dev-worker-node';

/** Of the service's own stack only what others import. */
const SERVICE = {
  ...PLACE,
  stage: 'dev',
  name: 'skep-dev',
  managedPolicies: [
    {
      logicalId: 'WorkerNodePolicy',
      name: 'skep-dev-worker-node',
      arn: POLICY_ARN,
      document: {
        Version: '2012-10-17',
        Statement: [{ Sid: 'ReadToken', Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' }],
      },
    },
  ],
  parts: [],
  outputs: ['worker', 'manager'].map((role) => ({
    key: role,
    value: POLICY_ARN,
    exportName: `skep-dev-${role}-node-policy`,
    description: undefined,
  })),
} as unknown as Stack;

interface StackSeen {
  readonly StackStatus: string;
  readonly StackStatusReason?: string;
  readonly StackId: string;
  readonly Outputs: readonly { readonly OutputKey: string; readonly OutputValue: string }[];
}

export interface EventSeen {
  readonly LogicalResourceId: string;
  readonly ResourceStatus: string;
  readonly ResourceStatusReason?: string;
}

interface ChangeSetSeen {
  readonly Status: string;
  readonly StatusReason?: string;
  readonly Changes: readonly {
    readonly ResourceChange: {
      readonly Action: string;
      readonly LogicalResourceId: string;
      readonly Replacement?: string;
      readonly Details: readonly Readonly<Record<string, unknown>>[];
    };
  }[];
}

export function account() {
  const { clock, autoScaling, events } = groups();
  const profiles = new Profiles(autoScaling, 'dev');
  const random = seededRandom(3);
  const route53 = new Route53(clock, random);
  const cloudFormation = new CloudFormation({
    clock,
    random,
    autoScaling,
    route53,
    profiles,
    deployed: [SERVICE],
    undeploy: () => undefined,
  });
  const call = (operation: string, input: Readonly<Record<string, unknown>>): unknown => {
    const run = cloudFormation.api.operations[operation];
    if (run === undefined) throw new Error(operation);
    return run({ ...input }, { kind: 'person', name: 'lab' });
  };
  /** Instances that wait in a hook go on. */
  const answerHooks = (result: 'CONTINUE' | 'ABANDON' = 'CONTINUE'): void => {
    for (const action of [...autoScaling.actions.values()]) autoScaling.complete(action, result);
  };
  const describe = (stack: string): StackSeen => {
    const [seen] = (call('DescribeStacks', { StackName: stack }) as { Stacks: StackSeen[] }).Stacks;
    if (seen === undefined) throw new Error(stack);
    return seen;
  };
  const changeSet = async (
    stack: string,
    template: string,
    parameters: Readonly<Record<string, string>> = {},
    kind = 'CREATE',
  ): Promise<ChangeSetSeen & { readonly id: string }> => {
    const { Id: id } = call('CreateChangeSet', {
      StackName: stack,
      ChangeSetName: `c${random.hex(8)}`,
      ChangeSetType: kind,
      TemplateBody: template,
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    }) as { Id: string };
    await clock.advance(3000);
    return { id, ...(call('DescribeChangeSet', { ChangeSetName: id }) as ChangeSetSeen) };
  };
  /** Until nothing is under way; hooks are answered meanwhile, unless somebody else is to. */
  const untilDone = async (
    stack: string,
    answers: 'CONTINUE' | 'ABANDON' | 'nobody' = 'CONTINUE',
  ): Promise<StackSeen> => {
    for (let turn = 0; turn < 2000 && describe(stack).StackStatus.endsWith('IN_PROGRESS'); turn += 1) {
      await clock.advance(5000);
      if (answers !== 'nobody') answerHooks(answers);
    }
    return describe(stack);
  };
  const deploy = async (
    stack: string,
    template: string,
    parameters: Readonly<Record<string, string>> = {},
    kind = 'CREATE',
  ): Promise<StackSeen> => {
    const { id } = await changeSet(stack, template, parameters, kind);
    call('ExecuteChangeSet', { ChangeSetName: id });
    return untilDone(stack);
  };
  const eventsOf = (stack: string): readonly EventSeen[] =>
    (call('DescribeStackEvents', { StackName: stack }) as { StackEvents: EventSeen[] }).StackEvents.toReversed();
  const remove = async (stack: string): Promise<StackSeen> => {
    const { StackId: id } = describe(stack);
    call('DeleteStack', { StackName: stack });
    return untilDone(id);
  };
  const outputs = (seen: StackSeen): Readonly<Record<string, string>> =>
    Object.fromEntries(seen.Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const parts = { clock, autoScaling, events, profiles, cloudFormation, call, describe, outputs };
  return { ...parts, changeSet, untilDone, deploy, eventsOf, remove };
}
