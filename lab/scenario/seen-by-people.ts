// What people see of a scenario's cluster: its verdict, what they were told, and which alarms have rung.
import type { KeptVerdict, Verdicts } from '../../src/store/verdicts.ts';
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

function verdictFacts({ verdict, outbox }: KeptVerdict): Record<string, unknown> {
  return {
    level: verdict?.level ?? 'none',
    reasons: (verdict?.reasons ?? []).map(({ name }) => name).toSorted(),
    unsent: outbox.notices.length,
  };
}

function noticeFacts({ console, stack }: Lab, cluster: string, to: string | undefined): Record<string, number> {
  const published = console.topics.published.filter(
    ({ attributes }) =>
      attributes['cluster'] === cluster &&
      attributes['stage'] === stack.stage &&
      (to === undefined || attributes['level'] === to),
  );
  const posted = console.webhook.messages.filter(
    ({ text }) => to === undefined || text.includes(` is ${to} since `) || text.includes(` is still ${to},`),
  );
  return {
    topic: published.length,
    webhook: posted.length,
    refused: console.webhook.refused,
  };
}

/** Alarms by their names without the stage, which the scenario knows. */
export const rangIn = ({ console, stack }: Lab): string[] =>
  console.alarms.rang().map((name) => name.replace(`skep-${stack.stage}-`, ''));

/** For the result: each notice in one line. */
export const noticesOf = ({ console, clock }: Lab): string[] =>
  console.topics.published.map(({ at, subject }) => `${Math.round((at - clock.start) / 1000)} s: ${subject}`);
