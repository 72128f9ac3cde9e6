// Sends notices: to the topic, which must take them, and to the webhook, which may fail.
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SSMClient } from '@aws-sdk/client-ssm';

import { publish } from '../aws/topic.ts';
import { postTo, webhookUrl } from '../aws/webhook.ts';
import type { Notice, Target } from '../core/verdict/notice.ts';
import { slackOf, subjectOf, textOf } from '../core/verdict/notice-text.ts';
import type { NoticePlace } from '../core/verdict/notice-text.ts';

export interface NoticeChannels {
  readonly topics: SNSClient;
  readonly parameters: SSMClient;
  readonly topic: string;
  /** The name of the parameter, not the URL. */
  readonly webhook: string;
  readonly onFailure: (because: string) => void;
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface Notified {
  readonly sent: ReadonlyMap<string, readonly Target[]>;
  /** Of the topic: the caller throws it once it has written what was sent. */
  readonly error: Error | undefined;
}

export async function tell(parts: NoticeChannels, notices: readonly Notice[], place: NoticePlace): Promise<Notified> {
  const sent = new Map<string, Target[]>();
  let error: Error | undefined;
  const took = (notice: Notice, target: Target): void => {
    sent.set(notice.id, [...(sent.get(notice.id) ?? []), target]);
  };
  // In their order: a recovery that is told before the trouble would be read as its end never having come.
  for (const notice of notices.filter(({ due }) => due.includes('topic'))) {
    try {
      await publish(parts.topics, parts.topic, {
        subject: subjectOf(notice, place),
        text: textOf(notice, place),
        attributes: { ...place, level: notice.to, id: notice.id },
      });
      took(notice, 'topic');
    } catch (refused) {
      error = refused instanceof Error ? refused : new Error('the topic refused a notice', { cause: refused });
      break;
    }
  }
  for (const notice of await tellWebhook(parts, notices, place)) {
    took(notice, 'webhook');
  }
  return { sent, error };
}

/** @returns what it took, or what nobody wants to hear of there */
async function tellWebhook(
  parts: NoticeChannels,
  notices: readonly Notice[],
  place: NoticePlace,
): Promise<readonly Notice[]> {
  const due = notices.filter((notice) => notice.due.includes('webhook'));
  if (due.length === 0) {
    return [];
  }
  const { onFailure, sleep = pause } = parts;
  const url = await readUrl(parts);
  if (url === undefined) {
    return [];
  }
  if (url === '') {
    return due;
  }
  const took: Notice[] = [];
  for (const notice of due) {
    const posted = await postTo(url, slackOf(notice, place), sleep);
    if (!posted.ok) {
      onFailure(posted.because);
      break;
    }
    took.push(notice);
  }
  return took;
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Empty where nobody has set one up, undefined where it cannot be read: then it is tried again. */
async function readUrl({ parameters, webhook, onFailure }: NoticeChannels): Promise<string | undefined> {
  try {
    return (await webhookUrl(parameters, webhook)) ?? '';
  } catch (error) {
    onFailure(`its parameter ${webhook} cannot be read (${error instanceof Error ? error.name : String(error)})`);
    return undefined;
  }
}
