// Stacks, events and change sets as CloudFormation describes them.
import type { ChangeSet, PropertyChange, ResourceChange } from './change-set.ts';
import type { StackEvent, StackRecord, StackResource } from './stack-record.ts';
import { capabilityOf } from './capabilities.ts';
import { stackDriftStatus } from './drift-seen.ts';
import type { DriftSeen } from './drift-seen.ts';
import type { Blueprint, Template } from './template.ts';

type Answer = Record<string, unknown>;

/** Members without a value are not there at all. */
const some = (members: Answer): Answer =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

const time = (at: number | undefined): Date | undefined => (at === undefined ? undefined : new Date(at));

/** What nobody is to read is not told. */
function parametersOf(blueprint: Blueprint | undefined): readonly Answer[] {
  return [...(blueprint?.parameters ?? [])].map(([ParameterKey, value]) => {
    const isSecret = String(blueprint?.template.Parameters[ParameterKey]?.NoEcho) === 'true';
    return { ParameterKey, ParameterValue: isSecret ? '****' : value };
  });
}

function driftOf({ drift }: StackRecord): Answer {
  return drift === undefined
    ? { StackDriftStatus: 'NOT_CHECKED' }
    : { StackDriftStatus: stackDriftStatus(drift), LastCheckTimestamp: new Date(drift.at) };
}

function resourceDriftOf(drift: DriftSeen | undefined, logicalId: string): Answer {
  const found = drift?.resources.find((one) => one.logicalId === logicalId);
  return drift === undefined || found === undefined
    ? { StackResourceDriftStatus: 'NOT_CHECKED' }
    : { StackResourceDriftStatus: found.status, LastCheckTimestamp: new Date(drift.at) };
}

export function describeStack(stack: StackRecord): Answer {
  const { options, outputs, blueprint } = stack;
  return some({
    StackId: stack.id,
    StackName: stack.name,
    ChangeSetId: stack.changeSetId,
    Description: blueprint?.template.Description,
    Parameters: parametersOf(blueprint),
    CreationTime: new Date(stack.createdAt),
    LastUpdatedTime: time(stack.updatedAt),
    DeletionTime: time(stack.deletedAt),
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    DisableRollback: stack.disableRollback,
    RollbackConfiguration: {},
    NotificationARNs: options.notificationArns,
    Capabilities: options.capabilities,
    Outputs: outputs.map(({ key, value, exportName, description }) =>
      some({ OutputKey: key, OutputValue: value, Description: description, ExportName: exportName }),
    ),
    Tags: options.tags,
    EnableTerminationProtection: false,
    DriftInformation: driftOf(stack),
  });
}

export function summarizeStack(stack: StackRecord): Answer {
  return some({
    StackId: stack.id,
    StackName: stack.name,
    TemplateDescription: stack.blueprint?.template.Description,
    CreationTime: new Date(stack.createdAt),
    LastUpdatedTime: time(stack.updatedAt),
    DeletionTime: time(stack.deletedAt),
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    DriftInformation: driftOf(stack),
  });
}

export function describeEvent(stack: StackRecord, event: StackEvent): Answer {
  return some({
    StackId: stack.id,
    EventId: event.eventId,
    StackName: stack.name,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(event.at),
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    ResourceProperties: event.properties === undefined ? undefined : JSON.stringify(event.properties),
    ClientRequestToken: event.token,
  });
}

export function describeResource(
  stack: StackRecord,
  { logicalId, record, type, at, status, reason }: StackResource,
  timeMember: 'Timestamp' | 'LastUpdatedTimestamp',
): Answer {
  return some({
    StackName: stack.name,
    StackId: stack.id,
    LogicalResourceId: logicalId,
    PhysicalResourceId: record?.id,
    ResourceType: type,
    [timeMember]: new Date(at),
    ResourceStatus: status,
    ResourceStatusReason: reason,
    DriftInformation: resourceDriftOf(stack.drift, logicalId),
  });
}

export function summarizeChangeSet(stack: StackRecord, set: ChangeSet): Answer {
  return some({
    StackId: stack.id,
    StackName: stack.name,
    ChangeSetId: set.id,
    ChangeSetName: set.name,
    ExecutionStatus: set.execution,
    Status: set.status,
    StatusReason: set.reason,
    CreationTime: new Date(set.createdAt),
    Description: set.description,
    IncludeNestedStacks: false,
  });
}

export function describeChangeSet(stack: StackRecord, set: ChangeSet, changes: readonly ResourceChange[]): Answer {
  return {
    ...summarizeChangeSet(stack, set),
    Parameters: parametersOf(set.blueprint),
    NotificationARNs: set.options.notificationArns,
    RollbackConfiguration: {},
    Capabilities: set.options.capabilities,
    Tags: set.options.tags,
    Changes: changes.map((change) => ({ Type: 'Resource', ResourceChange: describeChange(change) })),
  };
}

function describeChange({ action, logicalId, physicalId, type, replacement, details }: ResourceChange): Answer {
  const scope = details.map(({ name }) => (name === 'Tags' ? 'Tags' : 'Properties'));
  return some({
    Action: action,
    LogicalResourceId: logicalId,
    PhysicalResourceId: physicalId,
    ResourceType: type,
    Replacement: replacement,
    Scope: [...new Set(scope)],
    Details: details.map(describeDetail),
  });
}

const RECREATION = { never: 'Never', always: 'Always', conditionally: 'Conditionally' } as const;

function describeDetail({ name, recreation, dynamic, source, cause }: PropertyChange): Answer {
  return some({
    Target:
      name === 'Tags'
        ? { Attribute: 'Tags', RequiresRecreation: 'Never' }
        : { Attribute: 'Properties', Name: name, RequiresRecreation: RECREATION[recreation] },
    Evaluation: dynamic ? 'Dynamic' : 'Static',
    ChangeSource: source,
    CausingEntity: cause,
  });
}

export function describeParameters({ Parameters }: Template, withTypes: boolean): readonly Answer[] {
  return Object.entries(Parameters).map(([ParameterKey, declared]) =>
    some({
      ParameterKey,
      DefaultValue: declared.Default,
      ParameterType: withTypes ? declared.Type : undefined,
      NoEcho: String(declared.NoEcho) === 'true',
      Description: declared.Description,
      ParameterConstraints:
        withTypes && declared.AllowedValues !== undefined ? { AllowedValues: declared.AllowedValues } : undefined,
    }),
  );
}

export function summarizeTemplate(template: Template): Answer {
  const capability = capabilityOf(template);
  return some({
    Description: template.Description,
    Capabilities: capability === undefined ? [] : [capability],
    CapabilitiesReason:
      capability === undefined
        ? undefined
        : `The following resource(s) require capabilities: [${iamTypes(template).join(', ')}]`,
    DeclaredTransforms: [],
  });
}

const iamTypes = ({ Resources }: Template): readonly string[] => [
  ...new Set(Object.values(Resources).flatMap(({ Type }) => (Type.startsWith('AWS::IAM::') ? [Type] : []))),
];
