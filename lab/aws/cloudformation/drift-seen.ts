// What a look for drift has found of a stack.
import type { Json, JsonObject } from '../stack/stack.ts';

export interface PropertyDifference {
  /** @example /LifecycleHookSpecificationList/0/HeartbeatTimeout */
  readonly path: string;
  readonly expected: Json | undefined;
  readonly actual: Json | undefined;
}

export interface ResourceDrift {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: 'IN_SYNC' | 'MODIFIED';
  readonly expected: JsonObject;
  readonly actual: JsonObject;
  readonly differences: readonly PropertyDifference[];
}

export interface DriftSeen {
  readonly at: number;
  readonly resources: readonly ResourceDrift[];
}

export const stackDriftStatus = ({ resources }: DriftSeen): 'DRIFTED' | 'IN_SYNC' =>
  resources.some(({ status }) => status !== 'IN_SYNC') ? 'DRIFTED' : 'IN_SYNC';
