// An AWS account with nothing in it, as far as a deployment by the framework asks for one: the lab's CloudFormation, over records of the
// service's own types, with the names that AWS would refuse twice; a bucket for artifacts; and a table that can be described.
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Account } from '../../lab/aws/cloudformation/account.ts';
import { cloudFormationApi } from '../../lab/aws/cloudformation/api.ts';
import { Drift } from '../../lab/aws/cloudformation/drift.ts';
import { GivenRemoval } from '../../lab/aws/cloudformation/given-removal.ts';
import type { Handler } from '../../lab/aws/cloudformation/handler.ts';
import { Provisioner } from '../../lab/aws/cloudformation/provisioner.ts';
import { RECORDS } from '../../lab/aws/cloudformation/records.ts';
import { Stacks } from '../../lab/aws/cloudformation/stacks.ts';
import { parseTemplate } from '../../lab/aws/cloudformation/template.ts';
import type { TemplateResource } from '../../lab/aws/cloudformation/template.ts';
import { answerOf, refusalOf } from '../../lab/aws/protocols/answers.ts';
import { readRequest } from '../../lab/aws/protocols/requests.ts';
import { AwsError } from '../../lab/aws/services/service.ts';
import { Clock } from '../../lab/time/clock.ts';
import { seededRandom } from '../../lab/time/random.ts';
import { ArtifactBucket, NO_SUCH_BUCKET } from './artifact-bucket.ts';
import type { BucketAnswer } from './artifact-bucket.ts';

const PLACE = { account: '123456789012', region: 'eu-west-1', partition: 'aws' };
const TABLE = 'AWS::DynamoDB::Table';
/** What passes between two requests, ms: a deployment has hundreds of parts, and the framework looks again and again. */
const BETWEEN = 20_000;

/** By the property that names them: two of one type and name there cannot be. */
const NAMED: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::StepFunctions::StateMachine': 'StateMachineName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::KMS::Alias': 'AliasName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SSM::Document': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
};
const UNNAMED = [
  ...['AWS::KMS::Key', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'],
  ...['AWS::Lambda::Permission', 'AWS::Lambda::EventInvokeConfig'],
];

const handlerOf = (type: string, nameProperty: string | undefined): Handler => ({
  ...(nameProperty === undefined ? {} : { nameProperty }),
  idOf: ({ random }, name) => (nameProperty === undefined ? random.hex(16) : `${type}/${name}`),
  refOf: (id) => id.replace(`${type}/`, ''),
  attributesOf: (id) => {
    const name = id.replace(`${type}/`, '');
    return { Arn: `arn:aws:x:${PLACE.region}:${PLACE.account}:${name}`, QueueName: name };
  },
});

const HANDLERS: Readonly<Record<string, Handler>> = {
  ...RECORDS,
  ...Object.fromEntries(Object.entries(NAMED).map(([type, name]) => [type, handlerOf(type, name)])),
  ...Object.fromEntries(UNNAMED.map((type) => [type, handlerOf(type, undefined)])),
};

/** Of what is in the map at the time of asking. */
const asRecord = (handlers: ReadonlyMap<string, Handler>): Readonly<Record<string, Handler>> =>
  new Proxy<Record<string, Handler>>(
    {},
    {
      get: (_none, type) => handlers.get(String(type)),
      getOwnPropertyDescriptor: (_none, type) => {
        const value = handlers.get(String(type));
        return value && { value, configurable: true, enumerable: true };
      },
    },
  );

export class DeploymentAccount {
  readonly account = new Account(PLACE);
  readonly #clock = new Clock({ virtual: true, start: Date.UTC(2026, 0, 1) });
  readonly #handlers = new Map(Object.entries(HANDLERS));
  readonly #provisioner: Provisioner;
  readonly #stacks: Stacks;
  readonly #api: ReturnType<typeof cloudFormationApi>;
  readonly #bucket = new ArtifactBucket();
  #imported: TemplateResource | undefined;
  readonly #server: Server;
  /** Of the table, as a deployment has set it. */
  readonly deletionProtection = new Map<string, boolean>();

  constructor() {
    const [clock, random] = [this.#clock, seededRandom(1)];
    this.#provisioner = new Provisioner({ account: this.account, clock, random, handlers: asRecord(this.#handlers) });
    const given = new GivenRemoval({ clock, undeploy: () => undefined, holders: () => [] });
    const parts = { place: PLACE, clock, random, account: this.account, provisioner: this.#provisioner, given };
    this.#stacks = new Stacks({ ...parts, longest: 1_000_000 }, []);
    this.#api = cloudFormationApi(this.#stacks, new Drift({ clock, random, provisioner: this.#provisioner }));
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, headers, body }) => {
        response.writeHead(status, headers);
        response.end(body);
      });
    });
  }

  /** @returns its endpoint */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    this.#clock.stop();
  }

  /** Once, the part of a stack with this logical id cannot be made. */
  failToCreate(resource: string, message: string): void {
    this.#provisioner.faults.push({ resource, action: 'create', message, times: 1 });
  }

  /** Somebody else has something of this name. @returns what takes it away */
  takenByAnother(type: string, name: string): () => void {
    const id = `${type}/${name}`;
    this.account.add(type, id, { [NAMED[type] ?? '']: name });
    return () => this.account.records.delete(id);
  }

  /** As in a region that does not have a service. @returns what brings it */
  withoutType(type: string): () => void {
    const handler = this.#handlers.get(type);
    this.#handlers.delete(type);
    return () => {
      if (handler !== undefined) this.#handlers.set(type, handler);
    };
  }

  status(stack: string): string | undefined {
    return this.#stacks.search(stack)?.status;
  }

  /** Names of what there is of a type. */
  names(type: string): string[] {
    return this.account.all(type).map(({ id }) => id.replace(`${type}/`, ''));
  }

  async #answer(request: IncomingMessage): Promise<BucketAnswer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    await this.#clock.advance(BETWEEN);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    if (headers['authorization']?.includes('/s3/aws4_request') === true) {
      return this.#asBucket(request.method ?? '', new URL(request.url ?? '', 'http://s3'), body);
    }
    const asked = readRequest({
      method: request.method ?? '',
      url: request.url ?? '',
      headers,
      body: body.toString(),
    });
    try {
      return answerOf(asked, this.#call(asked.service, asked.operation, asked.input()), 'r-1');
    } catch (error) {
      return refusalOf(
        asked,
        error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500),
        'r-1',
      );
    }
  }

  #call(service: string, operation: string, input: Record<string, unknown>): unknown {
    switch (`${service}.${operation}`) {
      case 'sts.GetCallerIdentity':
        return { Account: PLACE.account, Arn: `arn:aws:iam::${PLACE.account}:user/deployer`, UserId: 'A' };
      case 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories':
        throw new AwsError('RepositoryNotFoundException', 'no repository');
      case 'dynamodb.DescribeTable':
      case 'dynamodb.UpdateTable':
        return this.#table(operation, input);
    }
    if (String(input['ChangeSetName']).startsWith('skep-import-')) {
      return this.#import(operation, String(input['StackName']), input['TemplateBody']);
    }
    const act = this.#api.operations[operation];
    if (service !== 'cloudformation' || act === undefined) {
      throw new AwsError(
        'AccessDenied',
        `a deployment calls ${service}:${operation}, which this account does not have`,
        403,
      );
    }
    return act(this.#withTemplate(input), { principal: undefined } as never);
  }

  /** What the plugin asks for where a table was left over. Nothing but the table may differ from the stack as it is. */
  #import(operation: string, name: string, template: unknown): unknown {
    const stack = this.#stacks.find(name);
    if (operation === 'CreateChangeSet') {
      const { Table: table, ...others } = parseTemplate(String(template)).Resources;
      if (table?.DeletionPolicy === 'Delete' || Object.keys(others).join() !== [...stack.resources.keys()].join()) {
        throw new AwsError('ValidationError', 'an import changes nothing else, and has a deletion policy');
      }
      this.#imported = table;
    }
    if (operation === 'ExecuteChangeSet' && this.#imported !== undefined) {
      const record = this.account.find(TABLE, `${TABLE}/${name}`);
      const part = {
        logicalId: 'Table',
        type: TABLE,
        record,
        template: this.#imported,
        after: new Set<string>(),
        at: this.#clock.now(),
      };
      stack.resources.set('Table', { ...part, status: 'IMPORT_COMPLETE', reason: undefined });
      stack.become('IMPORT_COMPLETE');
    }
    return operation === 'DescribeChangeSet' ? { Status: 'CREATE_COMPLETE' } : { Id: 'import', StackId: stack.id };
  }

  /** Templates lie in the bucket, by their URL. */
  #withTemplate({ TemplateURL: url, ...rest }: Record<string, unknown>): Record<string, unknown> {
    return typeof url === 'string' ? { ...rest, TemplateBody: this.#bucket.read(url) } : rest;
  }

  #table(operation: string, { TableName: name, DeletionProtectionEnabled: wanted }: Record<string, unknown>): unknown {
    const table = String(name);
    const record = this.account.find(TABLE, `${TABLE}/${table}`);
    if (record === undefined) {
      throw new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${table} not found`);
    }
    if (operation === 'UpdateTable') this.deletionProtection.set(table, wanted === true);
    const { KeySchema } = record.properties;
    return { Table: { KeySchema, DeletionProtectionEnabled: this.deletionProtection.get(table) ?? false } };
  }

  #asBucket(method: string, url: URL, body: Buffer): BucketAnswer {
    const [, bucket = ''] = url.pathname.split('/');
    return this.account.find('AWS::S3::Bucket', bucket) === undefined
      ? NO_SUCH_BUCKET
      : this.#bucket.answer(method, url, body);
  }
}
