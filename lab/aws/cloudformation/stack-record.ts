// A stack as CloudFormation keeps it: its resources, what has happened to them, and what it exports.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import type { JsonObject, StackOutput, StackPart } from '../stack/stack.ts';
import type { ChangeSet, StackOptions } from './change-set.ts';
import type { Blueprint, Made, TemplateResource } from './template.ts';
import type { AccountRecord } from './account.ts';
import type { DriftSeen } from './drift-seen.ts';

export interface StackEvent {
  readonly eventId: string;
  readonly at: number;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly properties: JsonObject | undefined;
  /** Of the request that led to it. */
  readonly token: string | undefined;
}

export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  /** Undefined while it is being made, and where it could not be. */
  record: AccountRecord | undefined;
  status: string;
  reason: string | undefined;
  at: number;
  /** As the template had them when it was made or changed. */
  template: TemplateResource;
  /** Logical ids of those that it needs. */
  after: ReadonlySet<string>;
}

const STACK_TYPE = 'AWS::CloudFormation::Stack';

export class StackRecord {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly resources = new Map<string, StackResource>();
  readonly events: StackEvent[] = [];
  readonly changeSets = new Map<string, ChangeSet>();
  /** Deployed without CloudFormation's help: skep's own. It can be looked at and imported from, and not changed. */
  readonly isGiven: boolean;
  status = 'REVIEW_IN_PROGRESS';
  reason: string | undefined;
  updatedAt: number | undefined;
  deletedAt: number | undefined;
  /** The text of its template, as it came. */
  template = '';
  blueprint: Blueprint | undefined;
  outputs: readonly StackOutput[] = [];
  changeSetId: string | undefined;
  options: StackOptions = { capabilities: [], tags: [], notificationArns: [] };
  disableRollback = false;
  token: string | undefined;
  /** What the last look for drift has found; undefined before any. */
  drift: DriftSeen | undefined;
  /** Calls off what is under way. */
  abort: () => void = () => undefined;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: Random;

  constructor(
    name: string,
    arn: (rest: string) => string,
    { clock, random, isGiven = false }: { clock: Pick<Clock, 'now'>; random: Random; isGiven?: boolean },
  ) {
    this.name = name;
    this.id = arn(`stack/${name}/${random.uuid()}`);
    this.createdAt = clock.now();
    this.isGiven = isGiven;
    this.#clock = clock;
    this.#random = random;
  }

  /** Its resources are there already: the lab's services have them. */
  give(parts: readonly StackPart[]): void {
    for (const { logicalId, type, physicalId } of parts) {
      const record = { type, id: physicalId, stackId: this.id, properties: {}, attributes: {} };
      const template: TemplateResource = {
        ...{ Type: type, Properties: {}, DependsOn: [], UpdatePolicy: {} },
        ...{ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' },
      };
      this.resources.set(logicalId, {
        ...{ logicalId, type, record, template, status: 'CREATE_COMPLETE', reason: undefined },
        ...{ at: this.createdAt, after: new Set<string>() },
      });
    }
  }

  get isGone(): boolean {
    return this.status === 'DELETE_COMPLETE';
  }

  /** Of a stack that is under review nothing has been deployed. */
  get imports(): ReadonlySet<string> {
    return this.isGone ? new Set() : (this.blueprint?.imports ?? new Set());
  }

  get exports(): readonly StackOutput[] {
    return this.isGone ? [] : this.outputs.filter(({ exportName }) => exportName !== undefined);
  }

  become(status: string, reason?: string): void {
    this.status = status;
    this.reason = reason;
    const at = this.#clock.now();
    if (status.startsWith('UPDATE')) this.updatedAt = at;
    if (status.startsWith('DELETE')) this.deletedAt = at;
    this.#note({ logicalId: this.name, physicalId: this.id, type: STACK_TYPE, status, reason, properties: undefined });
  }

  /** What becomes of one of its resources. */
  note(resource: StackResource, status: string, reason?: string): void {
    Object.assign(resource, { status, reason, at: this.#clock.now() });
    const { logicalId, type, record, template } = resource;
    this.#note({
      logicalId,
      physicalId: record?.id ?? '',
      type,
      status,
      reason,
      properties: record?.properties ?? template.Properties,
    });
  }

  #note(event: Omit<StackEvent, 'eventId' | 'at' | 'token'>): void {
    const at = this.#clock.now();
    const eventId =
      event.type === STACK_TYPE
        ? this.#random.uuid()
        : `${event.logicalId}-${event.status}-${new Date(at).toISOString()}`;
    this.events.push({ ...event, at, eventId, token: this.token });
  }

  /** What a reference to one of its resources stands for, once it is there. */
  made(refOf: (record: AccountRecord) => string): (logicalId: string) => Made | undefined {
    return (logicalId) => {
      const record = this.resources.get(logicalId)?.record;
      return record === undefined ? undefined : { ref: refOf(record), attribute: (name) => record.attributes[name] };
    };
  }
}
