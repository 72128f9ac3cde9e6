import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { MOST_TRIES, SENDING, TARGETS, afterSending, toSend } from '../../../../src/core/verdict/notice.ts';
import type { Notice, Outbox, Target } from '../../../../src/core/verdict/notice.ts';
import { slackOf, subjectOf, textOf } from '../../../../src/core/verdict/notice-text.ts';
import type { Verdict } from '../../../../src/core/verdict/verdict.ts';

const NOW = 1_700_000_000;
const PLACE = { stage: 'dev', cluster: 'demo' };
const EMPTY: Outbox = { notices: [], sender: undefined };
const reason = {
  name: 'ManagersMissing',
  level: 'degraded' as const,
  what: '2 of 3 managers can be reached',
  next: 'look at the manager group',
};
const verdict = (changes: Partial<Verdict> = {}): Verdict => ({
  level: 'degraded',
  reasons: [reason],
  since: NOW,
  asOf: NOW,
  version: 7,
  lastGood: NOW,
  findings: {},
  hooks: {},
  lock: undefined,
  ...changes,
});
const healthy = verdict({ level: 'healthy', reasons: [], since: NOW - 3600, version: 6 });
const notice = (changes: Partial<Notice> = {}): Notice => ({
  id: 'demo-7-1700000000',
  from: 'healthy',
  to: 'degraded',
  reasons: [reason],
  at: NOW,
  before: NOW - 3600,
  due: [...TARGETS],
  tries: 0,
  ...changes,
});
const by = (execution: string, now = NOW) => ({ cluster: 'demo', execution, now });
const same = { verdict: verdict(), changed: false };
const changed = { verdict: verdict(), changed: true };

describe('what is sent', () => {
  it('a change, to the topic and the webhook, by the execution that found it', () => {
    const { outbox, send } = toSend(EMPTY, healthy, changed, by('a'));
    expect(send).toEqual([notice({ tries: 1 })]);
    expect(outbox).toEqual({ notices: send, sender: { execution: 'a', until: NOW + SENDING } });
  });

  it('that a cluster is degraded from the beginning, of which there is no time before', () => {
    const { send } = toSend(EMPTY, undefined, changed, by('a'));
    expect(send).toEqual([notice({ tries: 1, before: undefined })]);
  });

  it('nothing, where nothing changed and nothing was left', () => {
    expect(toSend(EMPTY, healthy, same, by('a'))).toEqual({ outbox: EMPTY, send: [] });
  });

  const sending: Outbox = { notices: [notice({ tries: 1 })], sender: { execution: 'a', until: NOW + 60 } };
  it.each<[string, Parameters<typeof by>, boolean]>([
    ['by another while its sender may still be at it', ['b', NOW], false],
    ['by the same again: its function was called once more', ['a', NOW], true],
    ['by another when its sender must have died', ['b', NOW + 60], true],
  ])('what was left: %s', (_what, who, wanted) => {
    const { send, outbox } = toSend(sending, healthy, same, by(...who));
    expect(send.map(({ id }) => id)).toEqual(wanted ? ['demo-7-1700000000'] : []);
    expect(outbox.notices).toHaveLength(1);
  });

  it('a change that is found while another sends waits for the next tidy, and is not lost', () => {
    const { send, outbox } = toSend(sending, verdict(), { verdict: healthy, changed: true }, by('b'));
    expect(send).toEqual([]);
    expect(outbox.notices.map(({ to }) => to)).toEqual(['degraded', 'healthy']);
    expect(outbox.sender?.execution).toBe('a');
  });

  it('once more in the last try', () => {
    const old: Outbox = { notices: [notice({ tries: MOST_TRIES - 1 })], sender: undefined };
    expect(toSend(old, healthy, same, by('a')).send).toEqual([notice({ tries: MOST_TRIES })]);
  });

  it('no more after an hour of tries, and never more than five at once', () => {
    const old: Outbox = { notices: [notice({ tries: MOST_TRIES })], sender: undefined };
    expect(toSend(old, healthy, same, by('a')).send).toEqual([]);
    const many = { notices: Array.from({ length: 9 }, (_one, n) => notice({ id: String(n) })), sender: undefined };
    expect(toSend(many, healthy, same, by('a')).send.map(({ id }) => id)).toEqual(['4', '5', '6', '7', '8']);
  });

  it('leaves what was not taken, and only where it was not taken', () => {
    const two = [notice({ id: 'a' }), notice({ id: 'b' })];
    const sent = new Map<string, Target[]>([
      ['a', ['topic', 'webhook']],
      ['b', ['topic']],
    ]);
    expect(afterSending(two, sent)).toEqual([notice({ id: 'b', due: ['webhook'] })]);
  });

  it('leaves what was not sent at all', () => {
    expect(afterSending([notice()], new Map())).toEqual([notice()]);
  });

  it('each change at least once, and once where nobody dies, whoever sends and fails', () => {
    const step = fc.record({ execution: fc.constantFrom('a', 'b'), dies: fc.boolean(), change: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), (steps) => {
        let outbox = EMPTY;
        const told: string[] = [];
        const wanted: string[] = [];
        for (const [index, { execution, dies, change }] of [
          ...steps,
          { execution: 'c', dies: false, change: false },
        ].entries()) {
          const version = index + 1;
          // One tidy after the other, ten minutes apart: a sender that died is over by then.
          const now = NOW + index * 600;
          const at = { verdict: verdict({ version, asOf: now }), changed: change };
          const next = toSend(outbox, healthy, at, by(execution, now));
          if (change) wanted.push(`demo-${version}-${now}`);
          told.push(...next.send.map(({ id }) => id));
          const taken = new Map(next.send.map(({ id }) => [id, TARGETS]));
          outbox = dies ? next.outbox : { notices: afterSending(next.outbox.notices, taken), sender: undefined };
        }
        expect([...new Set(told)]).toEqual(wanted);
        if (steps.every(({ dies }) => !dies)) expect(told).toEqual(wanted);
      }),
    );
  });
});

describe('what it says', () => {
  it('what is the matter, since when, and what to do next', () => {
    expect(subjectOf(notice(), PLACE)).toBe('skep dev: demo is degraded');
    expect(textOf(notice(), PLACE)).toBe(
      [
        'Cluster demo of stage dev is degraded since 2023-11-14T22:13:20Z. It was healthy since 2023-11-14T21:13:20Z.',
        '',
        'ManagersMissing: 2 of 3 managers can be reached',
        '  What to do: look at the manager group',
        '',
        'How it is now: skep status demo --stage dev',
        '(notice demo-7-1700000000)',
      ].join('\n'),
    );
  });

  it('that all is well again', () => {
    expect(textOf(notice({ from: 'degraded', to: 'healthy', reasons: [] }), PLACE)).toContain('Nothing is left to do.');
  });

  it('that there is one more reason', () => {
    const more = notice({ from: 'degraded' });
    expect(subjectOf(more, PLACE)).toBe('skep dev: demo is still degraded');
    expect(textOf(more, PLACE).split('\n')[0]).toBe(
      'Cluster demo of stage dev is still degraded, for one more reason since 2023-11-14T22:13:20Z.',
    );
  });

  it('nothing of the time before the first look', () => {
    expect(textOf(notice({ before: undefined }), PLACE).split('\n')[0]).toBe(
      'Cluster demo of stage dev is degraded since 2023-11-14T22:13:20Z.',
    );
  });

  it('to Slack in blocks, and a text for the notification', () => {
    const told = 'Cluster demo of stage dev is degraded since 2023-11-14T22:13:20Z.';
    const before = 'It was healthy since 2023-11-14T21:13:20Z.';
    const two = [reason, { ...reason, name: 'DeadLetters', what: '2 events', next: 'read them' }];
    expect(slackOf(notice({ reasons: two }), PLACE)).toEqual({
      text: `:large_orange_circle: ${told} ${before} ManagersMissing, DeadLetters`,
      blocks: [
        {
          type: 'header',
          text: { type: 'plain_text', text: ':large_orange_circle: skep dev: demo is degraded', emoji: true },
        },
        { type: 'section', text: { type: 'mrkdwn', text: `${told} ${before}` } },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: '*ManagersMissing*\n2 of 3 managers can be reached\nlook at the manager group',
          },
        },
        { type: 'section', text: { type: 'mrkdwn', text: '*DeadLetters*\n2 events\nread them' } },
        {
          type: 'context',
          elements: [{ type: 'mrkdwn', text: '`skep status demo --stage dev` · demo-7-1700000000' }],
        },
      ],
    });
  });

  it('to Slack that all is well again', () => {
    expect(slackOf(notice({ from: 'critical', to: 'healthy', reasons: [], before: undefined }), PLACE).text).toBe(
      ':large_green_circle: Cluster demo of stage dev is healthy since 2023-11-14T22:13:20Z.',
    );
  });

  it('nothing to Slack that it would read as a mention or a link', () => {
    const what = '<!channel> & <https://x|y>';
    expect(JSON.stringify(slackOf(notice({ reasons: [{ ...reason, what }] }), PLACE))).toContain(
      '&lt;!channel&gt; &amp; &lt;https:\u200b//x|y&gt;',
    );
  });

  it('within the limits of SNS and Slack, whatever there is to say', () => {
    const text = fc.string({ maxLength: 5000, size: 'max' });
    const reasons = fc.array(
      fc.record({ name: fc.constant('N'), level: fc.constant('critical' as const), what: text, next: text }),
      { maxLength: 60, size: 'max' },
    );
    const name = fc.string({ maxLength: 200, size: 'max' });
    const longest = { name: 'N', level: 'critical' as const, what: '&'.repeat(5000), next: '&'.repeat(5000) };
    const most = Array.from({ length: 60 }, () => longest);
    fc.assert(
      fc.property(reasons, name, name, (some, stage, cluster) => {
        const place = { stage, cluster };
        const { blocks } = slackOf(notice({ reasons: some }), place);
        const sizes = (type: string): number[] =>
          blocks.flatMap((block) => (block['type'] === type ? [(block['text'] as { text: string }).text.length] : []));
        expect(blocks.length).toBeLessThanOrEqual(50);
        expect(Math.max(...sizes('section'))).toBeLessThanOrEqual(3000);
        expect(Math.max(...sizes('header'))).toBeLessThanOrEqual(150);
        expect(subjectOf(notice(), place).length).toBeLessThanOrEqual(100);
      }),
      { numRuns: 10, examples: [[most, 's'.repeat(200), 'c'.repeat(200)]] },
    );
  });
});
