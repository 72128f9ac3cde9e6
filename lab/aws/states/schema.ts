// The fields of the States Language that the lab runs, as zod schemas. Strict: what is not here is refused when loaded.
import { z } from 'zod';
import { MAX_SECONDS } from './retry.ts';
import { isTimestamp } from './timestamp.ts';

/** A year of 366 days: MaxDelaySeconds has to be less. */
const YEAR_SECONDS = 31_622_400;
const RESOURCE =
  /^arn:(aws|aws-cn|aws-us-gov):states:::(lambda:invoke(\.waitForTaskToken)?|states:startExecution|aws-sdk:[a-z0-9]+:[a-z][A-Za-z0-9]*(\.waitForTaskToken)?)$/;
/** The reserved error names. Others must not begin with `States.`. */
const RESERVED_ERRORS = new Set([
  'States.ALL',
  'States.BranchFailed',
  'States.DataLimitExceeded',
  'States.ExceedToleratedFailureThreshold',
  'States.HeartbeatTimeout',
  'States.NoChoiceMatched',
  'States.Permissions',
  'States.QueryEvaluationError',
  'States.Runtime',
  'States.TaskFailed',
  'States.Timeout',
]);

const name = z.string().min(1).max(80);
/** JSON with `{% %}` strings in it; compileTemplate looks into it. */
const template = z.unknown();
/** Step Functions takes an expression, or a number that is checked here already. */
const positiveSeconds = z.union([z.int().min(1).max(MAX_SECONDS), z.string().startsWith('{%')]);
const waitSeconds = z.union([z.int().min(0).max(MAX_SECONDS), z.string().startsWith('{%')]);

const errorEquals = z
  .array(z.string().min(1))
  .min(1)
  .superRefine((names, context) => {
    if (names.includes('States.ALL') && names.length > 1) {
      context.addIssue({ code: 'custom', message: 'States.ALL must stand alone' });
    }
    for (const [index, error] of names.entries()) {
      if (error.startsWith('States.') && !RESERVED_ERRORS.has(error)) {
        context.addIssue({ code: 'custom', message: `${error} is no error of Step Functions`, path: [index] });
      }
    }
  });

function onlyLastMatchesAll(entries: readonly { readonly ErrorEquals: readonly string[] }[]): boolean {
  return entries.slice(0, -1).every((entry) => !entry.ErrorEquals.includes('States.ALL'));
}

const retrier = z
  .strictObject({
    Comment: z.string().optional(),
    ErrorEquals: errorEquals,
    // Numbers only: AWS takes no expressions in a retrier.
    IntervalSeconds: z.int().min(1).max(MAX_SECONDS).optional(),
    MaxAttempts: z.int().min(0).max(MAX_SECONDS).optional(),
    BackoffRate: z.number().min(1).optional(),
    MaxDelaySeconds: z.int().min(1).lt(YEAR_SECONDS).optional(),
    JitterStrategy: z.enum(['FULL', 'NONE']).optional(),
  })
  .refine(
    ({ MaxDelaySeconds, IntervalSeconds = 1 }) => MaxDelaySeconds === undefined || MaxDelaySeconds > IntervalSeconds,
    {
      path: ['MaxDelaySeconds'],
      message: 'must be greater than IntervalSeconds',
    },
  );

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,79}$/, 'not the name of a variable')
  .refine((variable) => variable !== 'states', 'states is reserved');
const assign = z.record(variableName, template);

const catcher = z.strictObject({
  Comment: z.string().optional(),
  ErrorEquals: errorEquals,
  Next: name,
  Assign: assign.optional(),
  Output: template.optional(),
});

const lastAll = 'States.ALL must be in the last entry';
const common = { Comment: z.string().optional(), QueryLanguage: z.literal('JSONata').optional() };
const onward = { Next: name.optional(), End: z.literal(true).optional() };
const output = { Output: template.optional() };
const assigning = { Assign: assign.optional() };
const recovering = {
  Retry: z.array(retrier).refine(onlyLastMatchesAll, lastAll).optional(),
  Catch: z.array(catcher).refine(onlyLastMatchesAll, lastAll).optional(),
};

const task = z
  .strictObject({
    Type: z.literal('Task'),
    Resource: z.string().regex(RESOURCE, 'not a resource that the lab has'),
    Arguments: template.optional(),
    TimeoutSeconds: positiveSeconds.optional(),
    HeartbeatSeconds: positiveSeconds.optional(),
    ...common,
    ...onward,
    ...output,
    ...assigning,
    ...recovering,
  })
  .refine((state) => state.HeartbeatSeconds === undefined || state.Resource.endsWith('.waitForTaskToken'), {
    path: ['HeartbeatSeconds'],
    message: 'without waitForTaskToken nobody could send a heartbeat',
  })
  .refine(
    ({ HeartbeatSeconds: beat, TimeoutSeconds: end }) =>
      typeof beat !== 'number' || typeof end !== 'number' || beat < end,
    {
      path: ['HeartbeatSeconds'],
      message: 'must be smaller than TimeoutSeconds',
    },
  );

const rule = z.strictObject({
  Comment: z.string().optional(),
  Condition: z.string(),
  Next: name,
  ...output,
  ...assigning,
});

const choice = z
  .strictObject({
    Type: z.literal('Choice'),
    Choices: z.array(rule).min(1),
    Default: name.optional(),
    ...common,
    ...output,
    ...assigning,
  })
  // The state's own Output and Assign are for Default. Readers (and emulators) disagree on rules without theirs: say it.
  .refine((state) => state.Default !== undefined || (state.Output === undefined && state.Assign === undefined), {
    path: ['Default'],
    message: 'Output and Assign of a Choice state belong to its Default, which is missing',
  });

const pass = z.strictObject({ Type: z.literal('Pass'), ...common, ...onward, ...output, ...assigning });
const wait = z.strictObject({
  Type: z.literal('Wait'),
  Seconds: waitSeconds.optional(),
  Timestamp: z
    .string()
    .refine((text) => text.startsWith('{%') || isTimestamp(text), 'not an ISO 8601 date with a time and an offset')
    .optional(),
  ...common,
  ...onward,
  ...output,
  ...assigning,
});
const succeed = z.strictObject({ Type: z.literal('Succeed'), ...common, ...output });
const fail = z.strictObject({
  Type: z.literal('Fail'),
  Error: z.string().optional(),
  Cause: z.string().optional(),
  ...common,
});

const map = z.strictObject({
  Type: z.literal('Map'),
  // Required, unlike on AWS: whether the input is a list is then no question of the execution.
  Items: z.union([z.array(template), z.string().startsWith('{%')]),
  ItemSelector: template.optional(),
  MaxConcurrency: z.union([z.int().min(0), z.string().startsWith('{%')]).optional(),
  ItemProcessor: z.record(z.string(), z.unknown()),
  ...common,
  ...onward,
  ...output,
  ...assigning,
  ...recovering,
});
const parallel = z.strictObject({
  Type: z.literal('Parallel'),
  Branches: z.array(z.unknown()).min(1),
  Arguments: template.optional(),
  ...common,
  ...onward,
  ...output,
  ...assigning,
  ...recovering,
});

export const stateSchema = z.discriminatedUnion('Type', [task, choice, pass, wait, succeed, fail, map, parallel]);

const states = z.record(name, z.unknown());
export const machineSchema = z.strictObject({
  Comment: z.string().optional(),
  QueryLanguage: z.literal('JSONata', 'only JSONata'),
  Version: z.literal('1.0').optional(),
  TimeoutSeconds: z.int().min(1).max(MAX_SECONDS).optional(),
  StartAt: name,
  States: states,
});
/** A branch of Parallel. */
export const branchSchema = z.strictObject({ Comment: z.string().optional(), StartAt: name, States: states });
/** The ItemProcessor of Map. Distributed maps are not run here. */
export const processorSchema = z.strictObject({
  ...branchSchema.shape,
  ProcessorConfig: z.strictObject({ Mode: z.literal('INLINE') }).optional(),
});

export type RawState = z.infer<typeof stateSchema>;
export type RawRetrier = z.infer<typeof retrier>;
export type RawCatcher = z.infer<typeof catcher>;
