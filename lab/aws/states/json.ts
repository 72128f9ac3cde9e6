// JSON as Step Functions passes it between states: plain data, at most 256 KiB of it.
import { QUOTAS } from '../services/quotas.ts';
import { StatesError } from './errors.ts';

/** Input and output of a state, in bytes of UTF-8. A hard quota of Standard workflows. */
export const PAYLOAD_LIMIT = QUOTAS.payload.value;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A deep copy that is nothing but JSON. jsonata marks its arrays with extra properties and hands out functions as objects:
 * neither may reach the next state.
 *
 * @throws TypeError for what JSON cannot say: functions, undefined, NaN, Infinity
 */
export function toJson(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} is not a number in JSON`);
      return value;
    case 'object':
      return value === null ? null : copyObject(value);
    default:
      throw new TypeError(`a ${typeof value} is not JSON`);
  }
}

function copyObject(value: object): unknown {
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) throw new TypeError('a function is not JSON');
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, toJson(field)]),
  );
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

export const isOversized = (value: unknown): boolean => bytesOf(value) > PAYLOAD_LIMIT;

/** @throws StatesError `States.DataLimitExceeded` */
export function checkPayload(value: unknown, what: string): void {
  const bytes = bytesOf(value);
  if (bytes > PAYLOAD_LIMIT) {
    throw new StatesError(
      'States.DataLimitExceeded',
      `${what} has ${bytes} bytes, which exceeds the maximum number of bytes service limit (${PAYLOAD_LIMIT}).`,
    );
  }
}
