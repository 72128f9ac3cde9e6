// Times as the States Language takes them.

/** Of RFC 3339: with a T and an offset. AWS refuses "2016-12-05 21:29:29Z", and a time without an offset (recorded). */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

export const isTimestamp = (value: unknown): value is string =>
  typeof value === 'string' && TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value));
