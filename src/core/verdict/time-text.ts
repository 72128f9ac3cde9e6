// How a time is written in what people read.
/** @param seconds epoch seconds @example timeText(900) // '1970-01-01T00:15:00Z' */
export const timeText = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '');
