// GovCloud and China are partitions of their own, and refuse an execution whose integrations are named in another one.

interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}

const STATE_MACHINE = 'AWS::StepFunctions::StateMachine';

/**
 * Lets CloudFormation put the partition into the definitions.
 * @throws where a definition is no text that CloudFormation fills in
 */
export function inEveryPartition(resources: Readonly<Record<string, Resource>>): void {
  for (const [id, { Type, Properties = {} }] of Object.entries(resources)) {
    if (Type === STATE_MACHINE) {
      Properties['DefinitionString'] = withPartition(Properties['DefinitionString'], id);
    }
  }
}

function withPartition(definition: unknown, id: string): unknown {
  const sub = typeof definition === 'object' && definition !== null && 'Fn::Sub' in definition && definition['Fn::Sub'];
  const [text, ...variables] = [sub].flat<unknown[]>();
  if (typeof text !== 'string') {
    throw new Error(`the definition of ${id} is not Fn::Sub, so that its ARNs would be those of one partition`);
  }
  const filled = text.replaceAll('"arn:aws:states:::', '"arn:${AWS::Partition}:states:::');
  return { 'Fn::Sub': variables.length === 0 ? filled : [filled, ...variables] };
}
