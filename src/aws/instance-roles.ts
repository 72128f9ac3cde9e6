// IAM, for an adoption: the role of an instance profile, its tags, and what it may not do of what documents ask.
import {
  GetInstanceProfileCommand,
  GetRoleCommand,
  paginateSimulatePrincipalPolicy,
  type EvaluationResult,
  type IAMClient,
} from '@aws-sdk/client-iam';

import type { FoundRole } from '../core/adopt/facts.ts';
import type { RoleAsk } from '../core/adopt/look-roles.ts';

/** @returns undefined where the profile has no role, or is not there any more */
export async function roleOfProfile(
  client: IAMClient,
  profile: string,
  asks: readonly RoleAsk[],
): Promise<FoundRole | undefined> {
  const name = profile.replace(/^.*[/]/, '');
  const { InstanceProfile: found } = await client.send(new GetInstanceProfileCommand({ InstanceProfileName: name }));
  const [first] = found?.Roles ?? [];
  if (first?.RoleName === undefined || first.Arn === undefined) {
    return undefined;
  }
  // Only this call tells its tags.
  const { Role: role } = await client.send(new GetRoleCommand({ RoleName: first.RoleName }));
  const tag = (key: string): string | undefined => role?.Tags?.find(({ Key }) => Key === key)?.Value;
  const answers = await Promise.all(asks.map((ask) => simulate(client, first.Arn ?? '', ask)));
  return {
    name: first.RoleName,
    cluster: tag('skep:cluster'),
    roleTag: tag('skep:role'),
    lacks: answers.flatMap(({ lacks }) => lacks),
    unclear: answers.flatMap(({ unclear }) => unclear),
  };
}

async function simulate(
  client: IAMClient,
  role: string,
  { actions, resource, context }: RoleAsk,
): Promise<Pick<FoundRole, 'lacks' | 'unclear'>> {
  const asked = {
    PolicySourceArn: role,
    ActionNames: [...actions],
    ResourceArns: [resource],
    ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => ({
      ContextKeyName,
      ContextKeyValues: [value],
      ContextKeyType: 'string' as const,
    })),
  };
  const results: EvaluationResult[] = [];
  for await (const page of paginateSimulatePrincipalPolicy({ client }, asked)) {
    results.push(...(page.EvaluationResults ?? []));
  }
  const answerTo = (action: string): EvaluationResult | undefined =>
    results.find(({ EvalActionName: name }) => name?.toLowerCase() === action.toLowerCase());
  return {
    lacks: actions.filter((action) => isDenial(answerTo(action))).map((action) => ({ action, resource })),
    unclear: actions.flatMap((action) => whyUnclear(action, answerTo(action))),
  };
}

/** IAM lists them for the whole request, or, where a resource was named, for that resource. */
const missingOf = ({
  MissingContextValues: all = [],
  ResourceSpecificResults: ofEach = [],
}: EvaluationResult): string[] => [
  ...new Set([...all, ...ofEach.flatMap(({ MissingContextValues: some = [] }) => some)]),
];

const isDenial = (answer: EvaluationResult | undefined): boolean =>
  answer !== undefined && answer.EvalDecision !== 'allowed' && missingOf(answer).length === 0;

/** A condition about something else of the request may be met when it is made. */
function whyUnclear(action: string, answer: EvaluationResult | undefined): string[] {
  if (answer === undefined) {
    return [`IAM says nothing of ${action}`];
  }
  const missing = missingOf(answer);
  return answer.EvalDecision === 'allowed' || missing.length === 0
    ? []
    : [`its policies ask for ${missing.join(', ')} where it comes to ${action}`];
}
