// What a function reads from its environment: once, completely, at cold start. All problems are reported together.
import * as z from 'zod';

const environment = z.object({
  TABLE: z.string().min(1),
  STAGE: z.string().min(1),
  /** ARN of the key that encrypts the join tokens. */
  TOKEN_KEY: z.string().min(1),
});

export interface Config {
  readonly table: string;
  readonly stage: string;
  readonly tokenKey: string;
}

export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    throw new Error(`the function's environment is incomplete: ${z.prettifyError(parsed.error)}`);
  }
  return { table: parsed.data.TABLE, stage: parsed.data.STAGE, tokenKey: parsed.data.TOKEN_KEY };
}

/** Lambda sets it. */
export const readRegion = (env: Readonly<Record<string, string | undefined>>): string =>
  z.string().min(1).parse(env['AWS_REGION']);

const verdictEnvironment = z.object({
  TOPIC: z.string().min(1),
  DEAD_LETTERS: z.string().min(1),
  /** The name of the parameter that holds the webhook's URL. */
  WEBHOOK_PARAMETER: z.string().startsWith('/'),
});

export interface VerdictConfig {
  readonly topic: string;
  readonly deadLetters: string;
  readonly webhook: string;
}

/** What the function that tells people needs besides. */
export function readVerdictConfig(env: Readonly<Record<string, string | undefined>>): VerdictConfig {
  const parsed = verdictEnvironment.safeParse(env);
  if (!parsed.success) {
    throw new Error(`the function's environment is incomplete: ${z.prettifyError(parsed.error)}`);
  }
  const { TOPIC: topic, DEAD_LETTERS: deadLetters, WEBHOOK_PARAMETER: webhook } = parsed.data;
  return { topic, deadLetters, webhook };
}

const warnEnvironment = z.object({
  /** The ARNs of these state machines. */
  SCALE_IN: z.string().startsWith('arn:'),
  TIDY: z.string().startsWith('arn:'),
});

/** What the function needs besides that lets instances go which AWS is about to take. */
export function readWarnConfig(env: Readonly<Record<string, string | undefined>>): {
  readonly scaleIn: string;
  readonly tidy: string;
} {
  const parsed = warnEnvironment.safeParse(env);
  if (!parsed.success) {
    throw new Error(`the function's environment is incomplete: ${z.prettifyError(parsed.error)}`);
  }
  return { scaleIn: parsed.data.SCALE_IN, tidy: parsed.data.TIDY };
}
