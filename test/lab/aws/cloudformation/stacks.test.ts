// Stacks, from change set to deletion: what CloudFormation does, in which order, and what it says when it fails.
import { describe, expect, it } from '@jest/globals';

import { account } from './deploy.ts';
import type { EventSeen } from './deploy.ts';

const logGroup = (more = ''): string => `{ Type: AWS::Logs::LogGroup${more} }`;
const two = (name = 'first', days = 30): string => `Parameters: { Days: { Type: Number, Default: ${days} } }
Resources:
  First: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: ${name}, RetentionInDays: !Ref Days } }
  Second: { Type: AWS::Logs::LogGroup, DependsOn: First }
Outputs:
  Name: { Value: !Ref First, Export: { Name: first-log } }
  Arn: { Value: !GetAtt Second.Arn }
`;
const importer = `Resources:
  Third: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: !Sub ['\${x}-third', { x: !ImportValue first-log }] } }
`;
const told = (events: readonly EventSeen[]): string[] =>
  events.map(({ LogicalResourceId: id, ResourceStatus: status, ResourceStatusReason: reason }) =>
    [id, status, ...(reason === undefined ? [] : [reason])].join(' '),
  );

describe('a stack', () => {
  it('is made in the order of its dependencies, and its events say so', async () => {
    const { deploy, eventsOf, outputs } = account();
    const made = await deploy('web', two());

    expect(made.StackStatus).toBe('CREATE_COMPLETE');
    expect(outputs(made)).toEqual({
      Name: 'first',
      Arn: expect.stringMatching(/^arn:aws:logs:eu-west-1:123456789012:log-group:web-Second-[A-Z0-9]{12}:\*$/),
    });
    expect(told(eventsOf('web'))).toEqual([
      'web REVIEW_IN_PROGRESS User Initiated',
      'web CREATE_IN_PROGRESS User Initiated',
      'First CREATE_IN_PROGRESS',
      'First CREATE_IN_PROGRESS Resource creation Initiated',
      'First CREATE_COMPLETE',
      'Second CREATE_IN_PROGRESS',
      'Second CREATE_IN_PROGRESS Resource creation Initiated',
      'Second CREATE_COMPLETE',
      'web CREATE_COMPLETE',
    ]);
  });

  it('that fails is rolled back, with the first reason in its events, and has to be deleted', async () => {
    const { deploy, eventsOf, cloudFormation, changeSet, remove, describe: look } = account();
    cloudFormation.faults.push({ resource: 'Second', action: 'create', message: 'no room', times: 1 });
    const failed = await deploy('web', two());

    expect(failed.StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(told(eventsOf('web')).slice(6)).toEqual([
      expect.stringMatching(
        /^Second CREATE_FAILED Resource handler returned message: "no room" \(RequestToken: .*, HandlerErrorCode: GeneralServiceException\)$/,
      ),
      'web ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Second]. Rollback requested by user.',
      'First DELETE_IN_PROGRESS',
      'First DELETE_COMPLETE',
      'web ROLLBACK_COMPLETE',
    ]);
    for (const kind of ['UPDATE', 'CREATE']) {
      await expect(changeSet('web', two(), {}, kind)).rejects.toMatchObject({
        code: 'ValidationError',
        message:
          kind === 'UPDATE'
            ? `Stack:${failed.StackId} is in ROLLBACK_COMPLETE state and can not be updated.`
            : expect.stringContaining('Stack [web] already exists'),
      });
    }
    await remove('web');
    expect(() => look('web')).toThrow('Stack with id web does not exist');
    expect((await deploy('web', two())).StackStatus).toBe('CREATE_COMPLETE');
  });

  it('calls off what is under way when something else fails', async () => {
    const { deploy, eventsOf, cloudFormation } = account();
    cloudFormation.faults.push({ resource: 'A', action: 'create', message: 'no', times: 1 });
    await deploy(
      'web',
      `Resources:\n  A: ${logGroup()}\n  B: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }\n`,
    );

    const events = told(eventsOf('web'));
    expect(events).toContain('B CREATE_FAILED Resource creation cancelled');
    expect(events).toContainEqual(expect.stringContaining('failed to create: [A, B]. Rollback requested by user.'));
  });

  it('stays as it failed where nothing is to be rolled back', async () => {
    const { changeSet, call, untilDone, cloudFormation } = account();
    cloudFormation.faults.push({ resource: 'AWS::Logs::LogGroup', action: 'create', message: 'no', times: 1 });
    const { id } = await changeSet('web', two());
    call('ExecuteChangeSet', { ChangeSetName: id, DisableRollback: 'true' });

    expect((await untilDone('web')).StackStatus).toBe('CREATE_FAILED');
  });

  it.each<[string, string, string]>([
    [
      'a property that there is not',
      `Properties: { Nme: x }`,
      'Properties validation failed for resource A with message:\n#: extraneous key [Nme] is not permitted',
    ],
    ['a property of another type', `Properties: { Tags: x }`, '#/Tags: expected type: JSONArray, found: String'],
    [
      'a number that is none',
      `Properties: { RetentionInDays: x }`,
      '#/RetentionInDays: expected type: Integer, found: String',
    ],
  ])('is rolled back for %s', async (_name, properties, reason) => {
    const { deploy, eventsOf } = account();
    await deploy('web', `Resources: { A: { Type: AWS::Logs::LogGroup, ${properties} } }`);

    expect(told(eventsOf('web'))).toContainEqual(expect.stringContaining(reason));
  });

  it('is rolled back for what its parameters name and is not there', async () => {
    const { deploy, eventsOf } = account();
    const template = `Parameters: { Vpc: { Type: 'AWS::EC2::VPC::Id' }, Zone: { Type: 'AWS::EC2::AvailabilityZone::Name' } }
Resources: { A: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: x, VpcId: !Ref Vpc } } }`;
    const failed = await deploy('web', template, { Vpc: 'vpc-1', Zone: 'eu-west-1z' });

    expect(failed.StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(told(eventsOf('web'))).toContain(
      'web ROLLBACK_IN_PROGRESS Parameter validation failed: parameter value vpc-1 for parameter name Vpc does not exist, parameter value eu-west-1z for parameter name Zone does not exist. Rollback requested by user.',
    );
  });

  it.each<[string, string, string]>([
    ['a type that AWS has not', 'AWS::EC2::Vpz', 'Template format error: Unrecognized resource types: [AWS::EC2::Vpz]'],
    [
      'a type that the lab does not know',
      'AWS::RDS::DBCluster',
      'the lab does not know the resource types: [AWS::RDS::DBCluster]',
    ],
  ])('with %s is refused by name', async (_name, type, message) => {
    await expect(account().changeSet('web', `Resources: { A: { Type: '${type}' } }`)).rejects.toThrow(message);
  });

  it('that makes roles wants to be told that it may', () => {
    const { call } = account();
    const role = '{ Type: AWS::IAM::ManagedPolicy, Properties: { PolicyDocument: {} } }';
    const ask = (TemplateBody: string, Capabilities: string[]): unknown =>
      call('CreateChangeSet', {
        StackName: 'a',
        ChangeSetName: 'c',
        ChangeSetType: 'CREATE',
        TemplateBody,
        Capabilities,
      });
    const named = role.replace('{}', "{}, ManagedPolicyName: 'x'");

    expect(() => ask(`Resources: { A: ${role} }`, [])).toThrow('Requires capabilities : [CAPABILITY_IAM]');
    expect(() => ask(`Resources: { A: ${named} }`, ['CAPABILITY_IAM'])).toThrow('[CAPABILITY_NAMED_IAM]');
    expect(() => ask(`Resources: { A: ${named} }`, ['CAPABILITY_NAMED_IAM'])).not.toThrow();
  });
});

describe('an update', () => {
  it('without changes is no change set', async () => {
    const { deploy, changeSet } = account();
    await deploy('web', two());

    expect(await changeSet('web', two(), {}, 'UPDATE')).toMatchObject({
      Status: 'FAILED',
      StatusReason:
        "The submitted information didn't contain changes. Submit different information to create a change set.",
    });
  });

  it('changes in place what can be changed so, and says it before', async () => {
    const { deploy, changeSet, eventsOf } = account();
    await deploy('web', two());
    const { Changes } = await changeSet('web', two(), { Days: '7' }, 'UPDATE');

    expect(Changes).toEqual([
      {
        Type: 'Resource',
        ResourceChange: expect.objectContaining({
          Action: 'Modify',
          LogicalResourceId: 'First',
          Replacement: 'False',
          Details: [
            {
              Target: { Attribute: 'Properties', Name: 'RetentionInDays', RequiresRecreation: 'Never' },
              Evaluation: 'Static',
              ChangeSource: 'ParameterReference',
              CausingEntity: 'Days',
            },
          ],
        }),
      },
    ]);
    expect((await deploy('web', two(), { Days: '7' }, 'UPDATE')).StackStatus).toBe('UPDATE_COMPLETE');
    expect(told(eventsOf('web')).slice(-5)).toEqual([
      'web UPDATE_IN_PROGRESS User Initiated',
      'First UPDATE_IN_PROGRESS',
      'First UPDATE_COMPLETE',
      'web UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'web UPDATE_COMPLETE',
    ]);
  });

  it('replaces what AWS would replace: the new one first, then the old one goes', async () => {
    const { deploy, changeSet, eventsOf, outputs } = account();
    await deploy('web', two());
    const { Changes } = await changeSet('web', two('other'), {}, 'UPDATE');
    expect(Changes[0]?.ResourceChange).toMatchObject({ LogicalResourceId: 'First', Replacement: 'True' });

    expect(outputs(await deploy('web', two('other'), {}, 'UPDATE'))).toMatchObject({ Name: 'other' });
    expect(told(eventsOf('web')).slice(-7)).toEqual([
      'First UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.',
      'First UPDATE_IN_PROGRESS Resource creation Initiated',
      'First UPDATE_COMPLETE',
      'web UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'First DELETE_IN_PROGRESS',
      'First DELETE_COMPLETE',
      'web UPDATE_COMPLETE',
    ]);
  });

  it('that fails leaves everything as it was', async () => {
    const { deploy, eventsOf, call, cloudFormation } = account();
    await deploy('web', two());
    const ids = (): unknown => call('ListStackResources', { StackName: 'web' });
    const before = JSON.stringify(ids()).match(/"PhysicalResourceId":"[^"]*"/g);
    cloudFormation.faults.push({ resource: 'Fourth', action: 'create', message: 'no', times: 1 });
    const more = two('other').replace('Outputs:', `  Fourth: ${logGroup(', DependsOn: First')}\nOutputs:`);
    const failed = await deploy('web', more, {}, 'UPDATE');

    expect(failed).toMatchObject({ StackStatus: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(failed.Outputs).toContainEqual(expect.objectContaining({ OutputValue: 'first' }));
    expect(JSON.stringify(ids()).match(/"PhysicalResourceId":"[^"]*"/g)).toEqual(before);
    expect(told(eventsOf('web'))).toContain(
      'web UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Fourth].',
    );
    expect((await deploy('web', two('other'), {}, 'UPDATE')).StackStatus).toBe('UPDATE_COMPLETE');
  });

  it('takes back what it has changed in place', async () => {
    const { deploy, cloudFormation, eventsOf } = account();
    await deploy('web', two());
    cloudFormation.faults.push({ resource: 'Second', action: 'update', message: 'no', times: 1 });
    const template = two('first', 7).replace(
      'DependsOn: First',
      'DependsOn: First, Properties: { RetentionInDays: 1 }',
    );

    expect((await deploy('web', template, {}, 'UPDATE')).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(told(eventsOf('web')).filter((text) => text.startsWith('First UPDATE'))).toEqual([
      'First UPDATE_IN_PROGRESS',
      'First UPDATE_COMPLETE',
      'First UPDATE_IN_PROGRESS',
      'First UPDATE_COMPLETE',
    ]);
  });

  it('refuses to replace what has a name of its own under that name', async () => {
    const { deploy, eventsOf } = account();
    const zone = (vpc: string): string =>
      `Resources: { A: { Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: { Name: own, Port: ${vpc}, Protocol: TCP, TargetType: instance } } }`;
    await deploy('web', zone('80'));

    expect((await deploy('web', zone('81'), {}, 'UPDATE')).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(told(eventsOf('web'))).toContainEqual(expect.stringContaining('custom-named resource requires replacing'));
  });

  it('of a stack that there is not, or that is under way, is refused; a set is carried out once', async () => {
    const { changeSet, call, untilDone } = account();
    await expect(changeSet('web', two(), {}, 'UPDATE')).rejects.toThrow('Stack [web] does not exist');
    const { id } = await changeSet('web', two());
    call('ExecuteChangeSet', { ChangeSetName: id });
    await expect(changeSet('web', two('x'), {}, 'UPDATE')).rejects.toThrow(
      /is in CREATE_IN_PROGRESS state and can not be updated/,
    );
    await untilDone('web');
    expect(() => call('ExecuteChangeSet', { ChangeSetName: id })).toThrow(
      expect.objectContaining({ code: 'InvalidChangeSetStatus' }),
    );
  });
});

describe('exports', () => {
  it('hold the stack that they are of, and the value that they have', async () => {
    const { deploy, call, remove, describe: look, eventsOf } = account();
    await deploy('web', two());
    expect((await deploy('app', importer)).StackStatus).toBe('CREATE_COMPLETE');

    expect(call('ListImports', { ExportName: 'first-log' })).toEqual({ Imports: ['app'] });
    call('DeleteStack', { StackName: 'web' });
    expect(look('web')).toMatchObject({
      StackStatus: 'CREATE_COMPLETE',
      StackStatusReason: 'Export first-log cannot be deleted as it is in use by app',
    });
    expect((await deploy('web', two('other'), {}, 'UPDATE')).StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(told(eventsOf('web'))).toContain(
      'web UPDATE_ROLLBACK_IN_PROGRESS Export first-log cannot be updated as it is in use by app',
    );
    await remove('app');
    expect(await remove('web')).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
    expect(() => call('ListImports', { ExportName: 'first-log' })).toThrow('is not imported by any stack');
  });

  it('that there are not fail the change set', async () => {
    expect(await account().changeSet('app', importer)).toMatchObject({
      Status: 'FAILED',
      StatusReason: 'No export named first-log found',
    });
  });

  it('of one name there cannot be twice', async () => {
    const { deploy, eventsOf } = account();
    await deploy('web', two());
    expect((await deploy('web2', two('second'))).StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(told(eventsOf('web2'))).toContainEqual(
      expect.stringContaining('Export with name first-log is already exported by stack web'),
    );
  });

  it('of skep itself are there, and its stack can be deleted, but not changed', async () => {
    const { call, changeSet } = account();
    expect(call('ListExports', {})).toMatchObject({ Exports: [{ Name: 'skep-dev-worker-node-policy' }, {}] });
    await expect(changeSet('skep-dev', two(), {}, 'UPDATE')).rejects.toThrow("skep's own stack");
    call('DeleteStack', { StackName: 'skep-dev' });
    expect(call('DescribeStacks', { StackName: 'skep-dev' })).toMatchObject({
      Stacks: [{ StackStatus: 'DELETE_IN_PROGRESS' }],
    });
  });
});

describe('a deletion', () => {
  it('goes the other way round, and leaves what is to be kept', async () => {
    const { deploy, remove, eventsOf, deploy: again } = account();
    const kept = `Resources:
  Kept: { Type: AWS::Logs::LogGroup, DeletionPolicy: Retain, Properties: { LogGroupName: kept } }
  Last: { Type: AWS::Logs::LogGroup, DependsOn: Kept }
`;
    const { StackId: id } = await deploy('web', kept);
    expect(await remove('web')).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });

    expect(told(eventsOf(id)).slice(-5)).toEqual([
      'web DELETE_IN_PROGRESS User Initiated',
      'Last DELETE_IN_PROGRESS',
      'Last DELETE_COMPLETE',
      'Kept DELETE_SKIPPED',
      'web DELETE_COMPLETE',
    ]);
    // What was kept has its name still.
    expect((await again('web', kept)).StackStatus).toBe('ROLLBACK_COMPLETE');
    expect(told(eventsOf('web'))).toContainEqual(
      expect.stringMatching(/^Kept CREATE_FAILED .*already exists.*AlreadyExists/),
    );
  });

  it('of what others of another stack need fails, and can be tried again, or leave it', async () => {
    const { deploy, remove, eventsOf, call, untilDone, outputs } = account();
    const vpc =
      outputs(
        await deploy(
          'net',
          'Resources: { V: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } } }\nOutputs: { V: { Value: !Ref V } }',
        ),
      )['V'] ?? '';
    await deploy(
      'web',
      `Resources: { S: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: x, VpcId: ${vpc} } } }`,
    );
    const failed = await remove('net');

    expect(failed).toMatchObject({
      StackStatus: 'DELETE_FAILED',
      StackStatusReason: 'The following resource(s) failed to delete: [V].',
    });
    expect(told(eventsOf('net'))).toContainEqual(
      expect.stringMatching(/^V DELETE_FAILED .*The vpc 'vpc-.*' has dependencies and cannot be deleted/),
    );
    call('DeleteStack', { StackName: 'net', RetainResources: ['V'] });
    expect(await untilDone(failed.StackId)).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
  });

  it('of a stack that is being made calls that off, and of one that there is not is done', async () => {
    const { changeSet, call, untilDone, clock, describe: look } = account();
    const { id } = await changeSet('web', two());
    call('ExecuteChangeSet', { ChangeSetName: id });
    await clock.advance(1500);
    const { StackId } = look('web');
    call('DeleteStack', { StackName: 'web' });

    expect(await untilDone(StackId)).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
    expect(call('DeleteStack', { StackName: 'web' })).toEqual({});
  });
});
