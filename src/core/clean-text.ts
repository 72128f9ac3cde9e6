// Text of others, made fit for where people read it. One function for each kind of place, used where text leaves or is read.

/**
 * What drives a terminal, breaks a line, or makes a reader see another text than is there: control characters (C0, DEL, C1), line and
 * paragraph separators, marks of writing direction, and what has no width. Unicode: categories Cc, Cf, Zl, Zp, Cs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** How much of a cause anybody reads. Characters. */
const CAUSE = 1000;

/**
 * One line of it: whatever breaks a line, or is not seen, becomes a space.
 *
 * @example oneLine('a\u001b[2Jb\nc') // 'a [2Jb c'
 */
export function oneLine(text: string, most = CAUSE): string {
  const line = text.replaceAll(UNSEEN, ' ').trim();
  // What is cut must not end in half a character, which is none.
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}\u2026` : line;
}

/** Whatever the lines are of that a person reads: each of them is one, and drives no terminal. */
export const manyLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replaceAll(UNSEEN, ' '))
    .join('\n');

/** So much of one text is told where a person has asked for it. Characters. */
const TOLD = 10_000;

/**
 * The same with every text in it as one line: for what comes from executions and from the table, before any table or sentence is made of it.
 * Names of members are ours.
 */
export function cleaned(value: unknown): unknown {
  if (typeof value === 'string') {
    return oneLine(value, TOLD);
  }
  if (Array.isArray(value)) {
    return value.map(cleaned);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, cleaned(one)]))
    : value;
}

/** What mail and chat would make a link of: nobody is to follow one that a node or a service has named. */
export const unlinked = (text: string): string => text.replaceAll('://', ':\u200b//');

/** What Slack would read as a link or a mention: `<!channel>`, `<@U1>`, `<http://...|text>`; and `@here`, which some of its like read. */
export function forSlack(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return unlinked(escaped).replaceAll(/@(?=\p{L})/gu, '@\u200b');
}
