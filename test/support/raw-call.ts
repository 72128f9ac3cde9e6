// Calls on the wire, as no SDK would make them: each protocol by hand.
import type { Model, Shape } from '../../scripts/aws-models.ts';

export interface Answer {
  readonly status: number;
  /** Empty where nothing was refused. */
  readonly code: string;
  readonly text: string;
}

export const TARGETS: Readonly<Record<string, string>> = {
  ssm: 'AmazonSSM',
  states: 'AWSStepFunctions',
  dynamodb: 'DynamoDB_20120810',
  sqs: 'AmazonSQS',
};

export const VERSIONS: Readonly<Record<string, string>> = {
  autoscaling: '2011-01-01',
  ec2: '2016-11-15',
  sts: '2011-06-15',
  iam: '2010-05-08',
  sns: '2010-03-31',
  cloudformation: '2010-05-15',
};

export function authorizationFor(service: string): string {
  return `AWS4-HMAC-SHA256 Credential=lab/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
}

export async function post(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  const [, json, xml] = /"__type":"(?:[^"#]*#)?([^"]*)"|<Code>([^<]*)<\/Code>/.exec(text) ?? [];
  return { status: response.status, code: response.ok ? '' : (json ?? xml ?? ''), text };
}

/** @param model of the service: EC2's forms have names of their own */
export function rawCall(
  url: string,
  { service, operation, model }: { readonly service: string; readonly operation: string; readonly model: Model },
  input: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const authorization = authorizationFor(service);
  const target = TARGETS[service];
  if (target !== undefined) {
    return post(url, { authorization, 'x-amz-target': `${target}.${operation}` }, JSON.stringify(input));
  }
  const shape = model.shapes[model.operations[operation]?.input?.shape ?? ''];
  const form = new URLSearchParams([
    ['Action', operation],
    ['Version', VERSIONS[service] ?? ''],
    ...formOf(model, shape, input, service === 'ec2'),
  ]);
  return post(url, { authorization, 'content-type': 'application/x-www-form-urlencoded' }, form.toString());
}

type Field = [string, string];

function formOf(model: Model, shape: Shape | undefined, value: unknown, ec2: boolean, path = ''): Field[] {
  const at = (part: string): string => (path === '' ? part : `${path}.${part}`);
  if (Array.isArray(value)) {
    const inner = model.shapes[shape?.member?.shape ?? ''];
    return value.flatMap((one, index) =>
      formOf(model, inner, one, ec2, at(ec2 ? `${index + 1}` : `member.${index + 1}`)),
    );
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, one]) => {
      const member = shape?.members?.[name];
      const wire = ec2 ? capital(member?.locationName ?? name) : name;
      return formOf(model, model.shapes[member?.shape ?? ''], one, ec2, at(wire));
    });
  }
  return [[path, String(value)]];
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
