// What people see of a scenario's cluster: its verdict, what they were told, and which alarms have rung.
import type { Kept, Verdicts } from '../../src/store/verdicts.ts';
import type { Lab } from '../lab.ts';

export interface SeenByPeople {
  readonly verdict: Readonly<Record<string, unknown>>;
  /** Notices of verdicts, by what they say that the cluster is. */
  readonly notified: (to: string | undefined) => Readonly<Record<string, number>>;
}

export async function seeAsPeople(lab: Lab, verdicts: Verdicts, cluster: string): Promise<SeenByPeople> {
  const kept = await verdicts.read(cluster);
  return { verdict: verdictFacts(kept), notified: (to) => noticeFacts(lab, cluster, to) };
}

function verdictFacts({ verdict, outbox }: Kept): Record<string, unknown> {
  return {
    level: verdict?.level ?? 'none',
    reasons: (verdict?.reasons ?? []).map(({ name }) => name).toSorted(),
    unsent: outbox.notices.length,
  };
}

function noticeFacts({ eye, stack }: Lab, cluster: string, to: string | undefined): Record<string, number> {
  const published = eye.topics.published.filter(
    ({ attributes }) =>
      attributes['cluster'] === cluster &&
      attributes['stage'] === stack.stage &&
      (to === undefined || attributes['level'] === to),
  );
  const posted = eye.webhook.messages.filter(
    ({ text }) => to === undefined || text.includes(` is ${to} since `) || text.includes(` is still ${to},`),
  );
  return {
    topic: published.length,
    webhook: posted.length,
    refused: eye.webhook.refused,
  };
}

/** Alarms by their names without the stage, which the scenario knows. */
export const rangIn = ({ eye, stack }: Lab): string[] =>
  eye.alarms.rang().map((name) => name.replace(`skep-${stack.stage}-`, ''));

/** For the result: each notice in one line. */
export const noticesOf = ({ eye, clock }: Lab): string[] =>
  eye.topics.published.map(({ at, subject }) => `${Math.round((at - clock.start) / 1000)} s: ${subject}`);
