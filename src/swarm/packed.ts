// Unpacks what documents pack: lines, gzipped and in base64, since SSM returns 24,000 characters.
import { gunzipSync } from 'node:zlib';

import { FlowError } from '../core/errors.ts';

/** @throws {FlowError} PageUnreadable, which another manager is asked for, and which a report can name */
export function unreadable(because: string): never {
  throw new FlowError('PageUnreadable', `a page cannot be read: ${because}`);
}

/**
 * @param most bytes that it may unpack to: a page of a few kilobytes can be made to unpack to more than there is memory for
 * @returns the lines that are not empty
 * @throws {FlowError} PageUnreadable for what was cut off, or is no such page
 */
export function unpacked(packed: string, most: number): string[] {
  return packed === '' ? [] : textIn(packed, most).split('\n').filter(isLine);
}

const isLine = (line: string): boolean => line.trim() !== '';

function textIn(packed: string, most: number): string {
  try {
    return gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: most }).toString('utf8');
  } catch {
    return unreadable('it was cut off, or is no page');
  }
}
