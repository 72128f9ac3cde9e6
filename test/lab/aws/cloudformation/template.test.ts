// Templates as CloudFormation reads them: functions, parameters, conditions, rules, and its words where something is wrong.
import { describe, expect, it } from '@jest/globals';

import { parameterValues, refOf } from '../../../../lab/aws/cloudformation/parameters.ts';
import type { DeclaredParameter, GivenParameter } from '../../../../lab/aws/cloudformation/parameters.ts';
import { Blueprint, parseTemplate } from '../../../../lab/aws/cloudformation/template.ts';
import { readTemplateText } from '../../../../lab/aws/cloudformation/template-text.ts';

const DEPLOYMENT = {
  account: '123456789012',
  region: 'eu-west-1',
  partition: 'aws',
  stackName: 'web',
  stackId: 'arn:aws:cloudformation:eu-west-1:123456789012:stack/web/1',
  notificationArns: [],
  zones: ['eu-west-1a', 'eu-west-1b'],
  importValue: (name: string): string => `imported ${name}`,
};

function blueprint(text: string, given: Readonly<Record<string, string>> = {}): Blueprint {
  const template = parseTemplate(text);
  const parameters = Object.entries(given).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }));
  return new Blueprint(template, parameterValues(template.Parameters, parameters, new Map()), DEPLOYMENT);
}

/** What a property of the one resource comes to. */
function valueOf(value: string, sections = '', given: Readonly<Record<string, string>> = {}): unknown {
  const made = blueprint(
    `${sections}\nResources:\n  A: { Type: AWS::S3::Bucket }\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: ${value}\n`,
    given,
  );
  const [planned] = made.planned.filter(({ logicalId }) => logicalId === 'B');
  if (planned === undefined) throw new Error('no resource B');
  const known = { ref: 'a-ref', attribute: (name: string) => (name === 'Arn' ? 'a-arn' : undefined) };
  return made.properties(planned, (id) => (id === 'A' ? known : undefined))['BucketName'];
}

describe('a value of a template', () => {
  const sections = `Parameters:
  Name: { Type: String, Default: x }
  Names: { Type: CommaDelimitedList, Default: 'a, b' }
  Count: { Type: Number, Default: 3 }
Mappings: { M: { eu-west-1: { k: v } } }
Conditions:
  IsX: { Fn::Equals: [{ Ref: Name }, x] }
  IsY: !Equals [!Ref Name, y]
  Not: !Not [!Condition IsX]
  Both: !And [!Condition IsX, !Condition IsY]
  Either: !Or [!Condition IsX, !Condition IsY]
`;

  it.each<[string, unknown]>([
    ['!Ref A', 'a-ref'],
    ['!GetAtt A.Arn', 'a-arn'],
    ['{ Fn::GetAtt: [A, Arn] }', 'a-arn'],
    ['!Sub "${A}-${A.Arn}-${AWS::Region}-${!left}"', 'a-ref-a-arn-eu-west-1-${left}'],
    ['!Sub ["${n}${Count}", { n: !Ref Name }]', 'x3'],
    ['!Join ["-", [!Ref Name, !Ref Count, 1]]', 'x-3-1'],
    ['!Join [",", !Ref Names]', 'a,b'],
    ['!If [IsX, yes, no]', 'yes'],
    ['!If [IsY, yes, !If [Either, [!If [Both, 1, !Ref AWS::NoValue], 2], no]]', [2]],
    ['!If [Not, x, !Ref AWS::NoValue]', undefined],
    ['!Select [1, !Split ["|", "a|b|c"]]', 'b'],
    ['!FindInMap [M, !Ref AWS::Region, k]', 'v'],
    ['!ImportValue { Fn::Sub: "net-${Name}" }', 'imported net-x'],
    ['!Base64 skep', 'c2tlcA=='],
    ['!GetAZs ""', ['eu-west-1a', 'eu-west-1b']],
    ['!Cidr [10.0.0.0/16, 3, 12]', ['10.0.0.0/20', '10.0.16.0/20', '10.0.32.0/20']],
    ['!Ref AWS::StackName', 'web'],
    ['!Ref AWS::Partition', 'aws'],
  ])('%s', (text, expected) => {
    expect(valueOf(text, sections)).toEqual(expected);
  });

  it.each<[string, RegExp]>([
    ['!Select [5, [a]]', /Template error: .*Fn::Select cannot select nonexistent value at index 5/],
    ['!FindInMap [M, us-east-1, k]', /Unable to get mapping for M::us-east-1::k/],
    ['!GetAtt A.Size', /AWS::S3::Bucket does not support attribute type Size in Fn::GetAtt/],
    ['!Ref Nobody', /Unresolved resource dependencies \[Nobody\] in the Resources block of the template/],
    ['!If [Nobody, 1, 2]', /Nobody: is no condition of the template/],
    ['!Transform x', /the lab does not know the function !Transform/],
    ['{ Fn::Length: [1] }', /the lab does not know the function Fn::Length/],
    ['!Cidr [10.0.0.0/16, 300, 12]', /cannot make 300 blocks/],
    ['null', /\[\/Resources\/B\/Properties\/BucketName\] 'null' values are not allowed in templates/],
  ])('%s is refused', (text, message) => {
    expect(() => valueOf(text, sections)).toThrow(message);
  });

  it('of a branch that does not hold needs nothing that is not there', () => {
    const template = `Conditions: { Never: !Equals [a, b] }
Resources:
  Gone: { Type: AWS::S3::Bucket, Condition: Never }
  There: { Type: AWS::S3::Bucket, Properties: { BucketName: !If [Never, !Ref Gone, x] } }
`;
    expect(blueprint(template).planned.map(({ logicalId, after }) => [logicalId, [...after]])).toEqual([['There', []]]);
  });
});

describe('a template', () => {
  it.each<[string, string, RegExp]>([
    ['that is not YAML', 'a: [', /YAML not well-formed\. \(line \d+, column \d+\)/],
    ['that is a list', '- a', /unsupported structure/],
    ['without resources', 'Description: x', /At least one Resources member must be defined/],
    [
      'with an unknown section',
      'Resources: { A: { Type: T } }\nMore: 1',
      /Invalid template property or properties \[More\]/,
    ],
    [
      'with a transform',
      'Resources: { A: { Type: T } }\nTransform: x',
      /Invalid template property or properties \[Transform\]/,
    ],
    ['with an unknown attribute', 'Resources: { A: { Type: T, Typ: 1 } }', /Invalid template resource property 'Typ'/],
    ['with a creation policy', 'Resources: { A: { Type: T, CreationPolicy: {} } }', /'CreationPolicy'/],
    [
      'that rolls instances itself',
      'Resources: { A: { Type: T, UpdatePolicy: { AutoScalingRollingUpdate: {} } } }',
      /AutoScalingRollingUpdate/,
    ],
    [
      'with a dependency on nothing',
      'Resources: { A: { Type: T, DependsOn: B } }',
      /Unresolved resource dependencies \[B\]/,
    ],
    [
      'whose outputs refer to nothing',
      'Resources: { A: { Type: T } }\nOutputs: { O: { Value: !Ref B } }',
      /\[B\] in the Outputs block/,
    ],
    ['with a name twice', 'Resources: { A: { Type: T } }\nResources: { B: { Type: T } }', /YAML not well-formed/],
    ['that is too long', `Description: ${'x'.repeat(52_000)}`, /less than or equal to 51200/],
  ])('%s is refused', (_name, text, message) => {
    expect(() => parseTemplate(text)).toThrow(message);
  });

  it('takes resources each after those that it needs, and refuses a circle', () => {
    const text = `Resources:
  C: { Type: T, DependsOn: [B] }
  B: { Type: T, Properties: { X: !Sub "\${A.Arn}" } }
  A: { Type: T }
`;
    expect(blueprint(text).planned.map(({ logicalId }) => logicalId)).toEqual(['A', 'B', 'C']);
    const circle = 'Resources:\n  A: { Type: T, Properties: { X: !Ref B } }\n  B: { Type: T, DependsOn: A }\n';
    expect(() => blueprint(circle).planned).toThrow('Circular dependency between resources: [A, B]');
  });

  it('reads JSON as well, and the short forms as the long ones', () => {
    expect(readTemplateText('{"Resources": {"A": {"Type": "T"}}}')).toEqual({ Resources: { A: { Type: 'T' } } });
    expect(readTemplateText('a: !GetAtt b.c\nd: !Sub\n  - x\n  - { y: !Ref z }\nv: 2012-10-17')).toEqual({
      a: { 'Fn::GetAtt': 'b.c' },
      d: { 'Fn::Sub': ['x', { y: { Ref: 'z' } }] },
      v: '2012-10-17',
    });
  });

  it('says which of its rules does not hold', () => {
    const text = `Parameters: { Size: { Type: Number }, Role: { Type: String } }
Rules:
  Odd:
    RuleCondition: !Equals [!Ref Role, manager]
    Assertions:
      - Assert: !Contains [['1', '3'], !Ref Size]
        AssertDescription: A swarm has 1 or 3 managers
Resources: { A: { Type: T } }
`;
    expect(() => blueprint(text, { Size: '3', Role: 'manager' })).not.toThrow();
    expect(() => blueprint(text, { Size: '2', Role: 'worker' })).not.toThrow();
    expect(() => blueprint(text, { Size: '2', Role: 'manager' })).toThrow('A swarm has 1 or 3 managers');
  });
});

describe('parameters', () => {
  const values = (
    declared: Readonly<Record<string, DeclaredParameter>>,
    given: readonly GivenParameter[] = [],
    previous: Readonly<Record<string, string>> = {},
  ): ReadonlyMap<string, string> => parameterValues(declared, given, new Map(Object.entries(previous)));
  const given = (ParameterValue: string): GivenParameter[] => [{ ParameterKey: 'P', ParameterValue }];

  it.each<[string, Omit<DeclaredParameter, 'Type'> & { Type?: string }, string, string]>([
    [
      'a value that is none of the allowed',
      { AllowedValues: ['a'] },
      'b',
      "Parameter 'P' must be one of AllowedValues",
    ],
    ['a pattern', { AllowedPattern: '[a-z]+' }, 'ab1', "Parameter 'P' must match pattern [a-z]+"],
    [
      'its own words',
      { AllowedPattern: 'a', ConstraintDescription: 'an a' },
      'b',
      "Parameter 'P' failed to satisfy constraint: an a",
    ],
    ['what is too short', { MinLength: 2 }, 'a', "Parameter 'P' must contain at least 2 characters"],
    ['what is too long', { MaxLength: 1 }, 'ab', "Parameter 'P' must contain at most 1 characters"],
    ['what is no number', { Type: 'Number' }, 'x', "Parameter 'P' must be a number"],
    ['nothing as a number', { Type: 'Number' }, '', "Parameter 'P' must be a number"],
    ['what is too small', { Type: 'Number', MinValue: 1 }, '0', "Parameter 'P' must be a number not less than 1"],
    ['what is too large', { Type: 'Number', MaxValue: 1 }, '2', "Parameter 'P' must be a number not greater than 1"],
    ['each of a list', { Type: 'List<Number>' }, '1,x', "Parameter 'P' must be a number"],
  ])('%s', (_name, declared, value, message) => {
    expect(() => values({ P: { Type: 'String', ...declared } }, given(value))).toThrow(message);
  });

  it('want a value, from whoever has one', () => {
    const declared = { P: { Type: 'String' }, Q: { Type: 'String', Default: 'q' } };
    const previous = [{ ParameterKey: 'P', UsePreviousValue: true }];
    expect(() => values(declared)).toThrow('Parameters: [P] must have values');
    expect([...values(declared, given('p'))]).toEqual([
      ['P', 'p'],
      ['Q', 'q'],
    ]);
    expect([...values(declared, previous, { P: 'old', Q: 'older' })]).toEqual([
      ['P', 'old'],
      ['Q', 'q'],
    ]);
    expect(() => values(declared, previous)).toThrow(
      'Cannot specify usePreviousValue as true for a parameter key not in the previous template',
    );
    expect(() => values({}, given('p'))).toThrow('Parameters: [P] do not exist in the template');
  });

  it('of types that nobody knows are refused', () => {
    expect(() => values({ P: { Type: 'Text', Default: 'x' } })).toThrow('Unrecognized parameter type: Text');
    expect(() => values({ P: { Type: 'AWS::SSM::Parameter::Value<String>', Default: 'x' } })).toThrow('Unrecognized');
  });

  it('are lists where they are declared as such', () => {
    expect(refOf('P', 'a, b', { Type: 'List<AWS::EC2::Subnet::Id>' })).toEqual(['a', 'b']);
    expect(refOf('P', '', { Type: 'CommaDelimitedList' })).toEqual([]);
    expect(refOf('P', 'a,b', { Type: 'String' })).toBe('a,b');
  });
});
