// What AWS does on behalf of the stack, with permissions of the stack: rules reach their targets, functions write logs, machines are
// logged, failed events end in a queue. Some of it is checked when the stack is deployed, as AWS does.
import { AwsError } from '../services/service.ts';
import { StackError } from '../stack/stack.ts';
import type {
  PolicyDocument,
  Stack,
  StackAlarm,
  StackFunction,
  StackKey,
  StackRule,
  StackStateMachine,
  StackTarget,
} from '../stack/stack.ts';
import type { ResourcePolicy } from './decision.ts';
import type { Iam } from './iam.ts';
import { compilePolicy } from './policy.ts';
import type { Policy } from './policy.ts';
import type { Role } from './principals.ts';
import type { Profiles } from './profiles.ts';

const EVENTS = 'events.amazonaws.com';

/** What Step Functions does with the role of a machine to set up its log. */
const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];

/** The person that deploys: what the account's policies allow, they may. */
const ADMINISTRATOR: Role = {
  name: 'administrator',
  arn: 'administrator',
  tags: {},
  trust: [],
  policy: compilePolicy(
    { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
    'AdministratorAccess',
  ),
};

export class OnBehalf {
  readonly #iam: Iam;
  readonly #stack: Stack;
  readonly #profiles: Profiles;
  readonly #queues: ReadonlyMap<string, ResourcePolicy>;
  readonly #logging = new Map<string, boolean>();
  /** By the function's ARN. Each event that is handed over asks. */
  readonly #permissions = new Map<string, Policy>();

  /** @throws StackError for policies that the lab would not play as AWS does */
  constructor(iam: Iam, stack: Stack, profiles: Profiles) {
    this.#profiles = profiles;
    this.#iam = iam;
    this.#stack = stack;
    this.#queues = new Map(stack.queues.map((queue) => [queue.arn, policyOf(queue)]));
  }

  /** @throws {AwsError} where AWS would refuse to make a function, a machine, or where a function's failed events go */
  deploy(): void {
    for (const deployed of this.#stack.functions) {
      this.#checkFunction(deployed);
    }
    for (const machine of this.#stack.stateMachines) {
      this.#checkMachine(machine);
    }
    for (const key of this.#stack.keys) {
      this.#checkKey(key);
    }
    for (const { logicalId, functionName, onFailureArn } of this.#stack.eventInvokeConfigs) {
      const deployed = this.#stack.functions.find(({ name }) => name === functionName);
      if (deployed === undefined) {
        throw new StackError(logicalId, `there is no function ${functionName}`);
      }
      if (!this.#maySendTo(deployed, onFailureArn)) {
        throw new AwsError(
          'InvalidParameterValueException',
          `The function's execution role does not have permissions to call SendMessage on ${onFailureArn}`,
        );
      }
    }
  }

  /** KMS takes no policy that nobody could ever change again. An alias wants a permission on the key, too. */
  #checkKey({ logicalId, arn, policy, aliases }: StackKey): void {
    const held = { policy: compilePolicy(policy, logicalId), alone: true };
    const may = (action: string): boolean =>
      this.#iam.may(ADMINISTRATOR, { action, resource: arn, policy: held }, 'deployment');
    if (!may('kms:PutKeyPolicy')) {
      throw new AwsError(
        'MalformedPolicyDocumentException',
        'The new key policy will not allow you to update the key policy in the future.',
      );
    }
    if (aliases.length > 0 && !may('kms:CreateAlias')) {
      throw new AwsError('AccessDeniedException', `not authorized to perform: kms:CreateAlias on resource: ${arn}`);
    }
  }

  #checkFunction({ roleArn }: StackFunction): void {
    const role = this.#iam.role(roleArn);
    if (!this.#trusts(role, 'lambda.amazonaws.com', undefined)) {
      throw new AwsError(
        'InvalidParameterValueException',
        'The role defined for the function cannot be assumed by Lambda.',
      );
    }
  }

  #checkMachine({ roleArn, arn, name, logging }: StackStateMachine): void {
    const role = this.#iam.role(roleArn);
    if (!this.#trusts(role, 'states.amazonaws.com', arn)) {
      throw new AwsError(
        'AccessDeniedException',
        `Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.`,
      );
    }
    if (logging.level !== 'OFF' && !LOG_DELIVERY.every((action) => this.#iam.may(role, { action }, name))) {
      throw new AwsError(
        'AccessDeniedException',
        'The state machine IAM Role is not authorized to access the Log Destination',
      );
    }
  }

  /** `aws:SourceArn` says for what the service takes the role on. */
  #trusts(role: Role | undefined, service: string, sourceArn: string | undefined): boolean {
    const keys = sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn };
    const policy: Policy = role?.trust ?? [];
    return this.#iam.serviceMay(service, {
      action: 'sts:AssumeRole',
      resource: role?.arn,
      keys,
      policy: { policy, alone: true },
    });
  }

  /** Whether a rule may hand an event to a target: by its role, or by the permission of a function. */
  mayDeliver(rule: StackRule, target: StackTarget): boolean {
    const deployed = this.#stack.functions.find(({ arn }) => arn === target.arn);
    if (deployed !== undefined) {
      return this.#iam.serviceMay(EVENTS, {
        action: 'lambda:InvokeFunction',
        resource: deployed.arn,
        keys: { 'aws:SourceArn': rule.arn },
        policy: { policy: this.#permissionsOf(deployed), alone: true },
      });
    }
    const role = this.#iam.role(target.roleArn ?? '');
    return (
      this.#trusts(role, EVENTS, rule.arn) &&
      this.#iam.may(role, { action: 'states:StartExecution', resource: target.arn }, rule.name)
    );
  }

  /** Lambda writes a permission as a statement of the function's policy. */
  #permissionsOf({ arn }: StackFunction): Policy {
    const policy = this.#permissions.get(arn) ?? this.#compilePermissions(arn);
    this.#permissions.set(arn, policy);
    return policy;
  }

  #compilePermissions(arn: string): Policy {
    const found = this.#stack.lambdaPermissions.filter(({ functionArn }) => functionArn === arn);
    return found.flatMap(({ logicalId, action, principal, sourceArn }) =>
      compilePolicy(
        {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: action,
              Resource: arn,
              Principal: { Service: principal },
              Condition: { ArnLike: { 'aws:SourceArn': sourceArn } },
            },
          ],
        },
        logicalId,
      ),
    );
  }

  /** Whether an alarm reaches its topic. AWS says nothing where it does not. */
  mayNotify({ arn }: StackAlarm, topic: string): boolean {
    const policies = this.#stack.topics.find((one) => one.arn === topic);
    return this.#iam.serviceMay('cloudwatch.amazonaws.com', {
      action: 'sns:Publish',
      resource: topic,
      keys: { 'aws:SourceArn': arn },
      policy: policies === undefined ? { policy: [], alone: false } : policyOf(policies),
    });
  }

  /** Whether an event that a rule could not hand over gets into the dead-letter queue. */
  mayBury(rule: StackRule, target: StackTarget): boolean {
    const queue = target.deadLetterArn;
    if (queue === undefined) {
      return false;
    }
    return this.#iam.serviceMay(EVENTS, {
      action: 'sqs:SendMessage',
      resource: queue,
      keys: { 'aws:SourceArn': rule.arn },
      policy: this.#queues.get(queue) ?? { policy: [], alone: true },
    });
  }

  /** Whether Lambda may, with the role of the function that failed on it. */
  mayReportFailure(functionArn: string): boolean {
    const deployed = this.#stack.functions.find(({ arn }) => arn === functionArn);
    const config = this.#stack.eventInvokeConfigs.find(({ functionName }) => functionName === deployed?.name);
    return deployed !== undefined && config !== undefined && this.#maySendTo(deployed, config.onFailureArn);
  }

  #maySendTo({ roleArn, name }: StackFunction, queue: string): boolean {
    const need = { action: 'sqs:SendMessage', resource: queue };
    return this.#iam.may(this.#iam.role(roleArn), need, name);
  }

  /** Whether an agent may make itself known. Without AmazonSSMManagedInstanceCore it is Default Host Management that lets it in. */
  mayRegister(instanceId: string): boolean {
    if (this.#profiles.of(instanceId)?.managedInstanceCore === false) {
      return true;
    }
    const { partition, region, account } = this.#stack;
    const resource = `arn:${partition}:ec2:${region}:${account}:instance/${instanceId}`;
    const need = { action: 'ssm:UpdateInstanceInformation', resource };
    return this.#iam.may(this.#iam.roleOfInstance(instanceId), need, instanceId);
  }

  /** Whether what a function prints gets into its log. Asked once: Lambda writes a stream, not lines. */
  mayLog(functionName: string): boolean {
    const known = this.#logging.get(functionName);
    if (known !== undefined) {
      return known;
    }
    const deployed = this.#stack.functions.find(({ name }) => name === functionName);
    const { partition, region, account } = this.#stack;
    const resource = `arn:${partition}:logs:${region}:${account}:log-group:/aws/lambda/${functionName}:log-stream:lab`;
    const may = ['logs:CreateLogStream', 'logs:PutLogEvents'].every((action) =>
      this.#iam.may(this.#iam.role(deployed?.roleArn ?? ''), { action, resource }, functionName),
    );
    this.#logging.set(functionName, may);
    return may;
  }
}

function policyOf({
  logicalId,
  policies,
}: {
  readonly logicalId: string;
  readonly policies: readonly PolicyDocument[];
}): ResourcePolicy {
  return { policy: policies.flatMap((document) => compilePolicy(document, logicalId)), alone: false };
}
