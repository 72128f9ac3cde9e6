// What AWS would not deploy: documents, definitions, rules and functions over their limits.
import { QUOTAS } from '../services/quotas.ts';
import type { Quota, QuotaName } from '../services/quotas.ts';
import { StackError } from './stack.ts';
import type { Stack } from './stack.ts';

type Deployed = Pick<Stack, 'documents' | 'stateMachines' | 'rules' | 'functions'>;

/** One measure of one resource. */
interface Measure {
  readonly logicalId: string;
  readonly quota: QuotaName;
  readonly measured: number;
}

/** @throws {StackError} for the first that is over its limit */
export function checkDeployment(stack: Deployed): void {
  for (const { logicalId, quota, measured } of measuresOf(stack)) {
    const { value, source, min = 0 }: Quota = QUOTAS[quota];
    if (measured > value || measured < min) {
      throw new StackError(logicalId, `${quota} is ${measured}, and AWS takes ${min} to ${value} (${source})`);
    }
  }
}

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

function measuresOf({ documents, stateMachines, rules, functions }: Deployed): readonly Measure[] {
  return [
    ...documents.map(({ logicalId, content }) => ({
      logicalId,
      quota: 'documentContent' as const,
      measured: bytes(content),
    })),
    ...stateMachines.map(({ logicalId, definition }) => ({
      logicalId,
      quota: 'definition' as const,
      measured: bytes(definition),
    })),
    ...rules.flatMap(({ logicalId, pattern, targets }): Measure[] => [
      { logicalId, quota: 'pattern', measured: pattern === undefined ? 0 : JSON.stringify(pattern).length },
      { logicalId, quota: 'targets', measured: targets.length },
      ...targets.map(({ input }): Measure => ({ logicalId, quota: 'targetInput', measured: input?.length ?? 0 })),
    ]),
    ...functions.flatMap(({ logicalId, timeout, memory, environment }): Measure[] => [
      { logicalId, quota: 'functionTimeout', measured: timeout },
      { logicalId, quota: 'functionMemory', measured: memory },
      { logicalId, quota: 'functionEnvironment', measured: Object.entries(environment).flat().join('').length },
    ]),
  ];
}
