// A change set as it is kept.
import type { Replacement } from './schemas.ts';
import type { Blueprint } from './template.ts';

/** What a request says of a stack beside its template. */
export interface StackOptions {
  readonly capabilities: readonly string[];
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly notificationArns: readonly string[];
}

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly kind: 'CREATE' | 'UPDATE';
  readonly description: string | undefined;
  readonly createdAt: number;
  readonly template: string;
  readonly blueprint: Blueprint;
  readonly options: StackOptions;
  status: 'CREATE_PENDING' | 'CREATE_COMPLETE' | 'FAILED';
  reason: string | undefined;
  execution: 'UNAVAILABLE' | 'AVAILABLE' | 'EXECUTE_IN_PROGRESS' | 'EXECUTE_COMPLETE' | 'EXECUTE_FAILED' | 'OBSOLETE';
  changes: readonly ResourceChange[];
}

export interface PropertyChange {
  readonly name: string;
  readonly recreation: Replacement;
  /** Only to be known when it is done, since it comes from a resource that changes itself. */
  readonly dynamic: boolean;
  readonly source: 'DirectModification' | 'ParameterReference' | 'ResourceReference' | 'ResourceAttribute';
  readonly cause: string | undefined;
}

export interface ResourceChange {
  readonly action: 'Add' | 'Modify' | 'Remove';
  readonly logicalId: string;
  readonly physicalId: string | undefined;
  readonly type: string;
  /** Of what is modified. */
  readonly replacement: 'True' | 'False' | 'Conditional' | undefined;
  readonly details: readonly PropertyChange[];
}
