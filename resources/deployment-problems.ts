// What would deploy and then not work, or fail when half of the stack is made: the stage and the parameters, before anything is packaged.
import { stage as stageOfDocuments } from '../src/core/steps/verbs/parameters.ts';

export interface Asked {
  readonly stage: string;
  /** What stands after `--param`, by its name. */
  readonly parameters: Readonly<Record<string, string>>;
}

interface Rule {
  readonly fits: (value: string) => boolean;
  readonly wants: string;
}

const matches =
  (pattern: RegExp) =>
  (value: string): boolean =>
    pattern.test(value);

/** EventBridge: one of a unit is said in the singular, and nothing else is. */
const SCHEDULE = /^(rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)|cron\(\S+( \S+){5}\))$/;
/** Systems Manager: at most 15 levels, and `aws` and `ssm` are its own at the beginning. */
const PARAMETER_NAME = /^(?!\/(aws|ssm)(\/|$))(\/[a-zA-Z0-9_.-]+){1,15}$/i;
const LONGEST_PARAMETER_NAME = 900;

const RULES: Readonly<Record<string, Rule>> = {
  rotateTokens: {
    fits: matches(SCHEDULE),
    wants: 'a schedule of EventBridge: rate(1 day), rate(7 days), or cron(0 3 ? * SUN *)',
  },
  rotateTokensState: { fits: matches(/^(ENABLED|DISABLED)$/), wants: 'ENABLED or DISABLED' },
  webhookParameter: {
    fits: (value) => PARAMETER_NAME.test(value) && value.length <= LONGEST_PARAMETER_NAME,
    wants: 'the whole name of a parameter, from its slash on: /skep/prod/webhook',
  },
};

const STAGE = new RegExp(stageOfDocuments.pattern);

/** One line for each, which says what to write instead. */
export function deploymentProblems({ stage, parameters }: Asked): readonly string[] {
  const ofStage = STAGE.test(stage)
    ? []
    : [
        `the stage "${stage}" cannot be: it is part of names and of what documents take, so it begins with a letter, has letters, digits and` +
          ' hyphens only, and at most 32 of them',
      ];
  const ofParameters = Object.entries(parameters).flatMap(([name, value]) => {
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    if (rule === undefined) {
      return [`there is no parameter "${name}"; there are ${Object.keys(RULES).join(', ')}`];
    }
    return rule.fits(value) ? [] : [`the parameter ${name} is "${value}"; it should be ${rule.wants}`];
  });
  return [...ofStage, ...ofParameters];
}

/** As the framework takes them: `--param='name=value'`, any number of times. */
export function parametersOf(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf('=');
      return at < 0 ? [one, ''] : [one.slice(0, at), one.slice(at + 1)];
    }),
  );
}
