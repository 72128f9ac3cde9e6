// The template in every partition, for several stages: what AWS's own schemas take, names that fit, and no ARN of one partition.
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { resolveTemplate } from '../../lab/aws/stack/template.ts';
import type { ResolvedResource, Template } from '../../lab/aws/stack/template.ts';
import type { Place } from '../../lab/aws/stack/stack.ts';
import { problemWith } from '../../lab/aws/cloudformation/schemas.ts';
import { packaged, PACKAGING_TIMEOUT } from './packaged.ts';

/** The longest that is taken. */
const LONGEST = 'a-stage-of-thirty-two-characters';
const PLACES: readonly [Place, ...Place[]] = [
  { account: '123456789012', partition: 'aws', region: 'eu-west-1' },
  { account: '123456789012', partition: 'aws', region: 'ap-southeast-1' },
  { account: '123456789012', partition: 'aws-us-gov', region: 'us-gov-west-1' },
  { account: '123456789012', partition: 'aws-cn', region: 'cn-northwest-1' },
];

const templates = new Map<string, Template>();
beforeAll(async () => {
  for (const stage of ['dev', LONGEST]) templates.set(stage, (await packaged(stage)).template);
}, 2 * PACKAGING_TIMEOUT);

function templateOf(stage: string): Template {
  const found = templates.get(stage);
  if (found === undefined) throw new Error(`no template of ${stage}`);
  return found;
}
const resourcesOf = (stage: string, place: Place): readonly ResolvedResource[] =>
  resolveTemplate(templateOf(stage), `skep-${stage}`, place);

const CASES = ['dev', LONGEST].flatMap((stage) => PLACES.map((place) => [stage, place.region, place] as const));

const spec = loadAwsServiceSpecSync();
/** What AWS has as the longest name, where its schemas say it, and where only its documentation does. */
const LONGEST_NAMES: Readonly<Record<string, readonly [property: string, most: number]>> = {
  'AWS::Lambda::Function': ['FunctionName', 64],
  'AWS::Events::Rule': ['Name', 64],
  'AWS::StepFunctions::StateMachine': ['StateMachineName', 80],
  'AWS::SQS::Queue': ['QueueName', 80],
  'AWS::SSM::Document': ['Name', 128],
  'AWS::IAM::ManagedPolicy': ['ManagedPolicyName', 128],
  'AWS::IAM::Role': ['RoleName', 64],
  'AWS::DynamoDB::Table': ['TableName', 255],
  'AWS::SNS::Topic': ['TopicName', 256],
  'AWS::CloudWatch::Alarm': ['AlarmName', 255],
  'AWS::CloudWatch::Dashboard': ['DashboardName', 255],
  'AWS::KMS::Alias': ['AliasName', 256],
  'AWS::Logs::LogGroup': ['LogGroupName', 512],
};

describe.each(CASES)('stage %s in %s', (stage, _region, place) => {
  it('has properties that the schemas of AWS take', () => {
    const problems = resourcesOf(stage, place).map(({ logicalId, type, properties }) => [
      logicalId,
      spec.lookup('resource', 'cloudFormationType', 'equals', type).length === 1
        ? problemWith(type, properties)
        : 'AWS has no such type',
    ]);
    expect(problems.filter(([, problem]) => problem !== undefined)).toEqual([]);
  });

  it('has names that are short enough', () => {
    const tooLong = resourcesOf(stage, place).flatMap(({ type, properties }) => {
      const [property, most] = LONGEST_NAMES[type] ?? [];
      const name = property === undefined ? undefined : properties[property];
      return typeof name === 'string' && name.length > (most ?? 0) ? [name] : [];
    });
    expect(tooLong).toEqual([]);
  });

  it('names nothing of another partition', () => {
    const text = JSON.stringify(resourcesOf(stage, place));
    const foreign = [...text.matchAll(/arn:(aws[a-z-]*):[^"\\ ]*/g)].filter(
      ([, partition]) => partition !== place.partition,
    );
    expect(foreign.map(([arn]) => arn)).toEqual([]);
  });
});

it('has no literal partition: the text of the template holds for all of them', () => {
  expect(JSON.stringify(templateOf('dev'))).not.toContain('arn:aws:');
});

it('a planted mistake is found', () => {
  const [place] = PLACES;
  const table = resourcesOf('dev', place).find(({ logicalId }) => logicalId === 'Table');
  const planted = { ...table?.properties, BilingMode: 'PAY_PER_REQUEST' };
  expect(problemWith('AWS::DynamoDB::Table', planted)).toBe('#: extraneous key [BilingMode] is not permitted');
});
