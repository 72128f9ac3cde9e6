// What a notice says to a person: what is the matter, since when, and what to do next. For mail, and for Slack.
import { forSlack, oneLine, unlinked } from '../clean-text.ts';
import type { Notice } from './notice.ts';
import { timeText } from './time-text.ts';

export interface NoticePlace {
  readonly stage: string;
  readonly cluster: string;
}

/** SNS: up to 100 characters of ASCII, no line breaks. */
export function subjectOf({ from, to }: Notice, { stage, cluster }: NoticePlace): string {
  return `skep ${stage}: ${cluster} is ${from === to ? 'still ' : ''}${to}`.slice(0, 100);
}

export function textOf(notice: Notice, place: NoticePlace): string {
  const { cluster, stage } = place;
  return [
    headline(notice, place),
    '',
    ...notice.reasons.flatMap(({ name, what, next }) => [
      `${name}: ${unlinked(oneLine(what))}`,
      `  What to do: ${oneLine(next)}`,
    ]),
    ...(notice.reasons.length === 0 ? ['Nothing is left to do.'] : []),
    '',
    `How it is now: skep status ${cluster} --stage ${stage}`,
    `(notice ${notice.id})`,
  ].join('\n');
}

function headline({ from, to, at, before }: Notice, { stage, cluster }: NoticePlace): string {
  const since = before === undefined ? '' : ` It was ${from} since ${timeText(before)}.`;
  return from === to
    ? `Cluster ${cluster} of stage ${stage} is still ${to}, for one more reason since ${timeText(at)}.`
    : `Cluster ${cluster} of stage ${stage} is ${to} since ${timeText(at)}.${since}`;
}

/** Slack's limits: a header of 150 characters, a section of 3,000 (an escaped character is up to five), 50 blocks. */
const HEADER = 150;
const SECTION = 580;
const REASONS = 40;

/** As Slack's incoming webhooks take it, and what is compatible with them; `text` is what a notification shows. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly Readonly<Record<string, unknown>>[];
}

const MARKS = { healthy: ':large_green_circle:', degraded: ':large_orange_circle:', critical: ':red_circle:' } as const;

export function slackOf(notice: Notice, place: NoticePlace): SlackMessage {
  const subject = subjectOf(notice, place);
  const mark = MARKS[notice.to];
  const status = `skep status ${place.cluster} --stage ${place.stage}`;
  return {
    text: forSlack(`${mark} ${headline(notice, place)} ${notice.reasons.map(({ name }) => name).join(', ')}`.trim()),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: `${mark} ${subject}`.slice(0, HEADER), emoji: true } },
      section(headline(notice, place)),
      ...notice.reasons
        .slice(0, REASONS)
        .map(({ name, what, next }) => section(`${oneLine(what)}\n${oneLine(next)}`, `*${name}*\n`)),
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: `\`${status}\` · ${forSlack(notice.id)}` }],
      },
    ],
  };
}

/** Cut before it is escaped: half an escape would be shown as it is. */
const section = (text: string, before = ''): Readonly<Record<string, unknown>> => ({
  type: 'section',
  text: { type: 'mrkdwn', text: `${before}${forSlack(text.slice(0, SECTION))}` },
});
