// Alarms on executions that did not end well. AWS counts those that failed, that ran out of time and that somebody stopped as three
// metrics, and each of them has left something half done.

interface Watched {
  readonly machine: string;
  readonly file: string;
  readonly failed: string;
}

const WATCHED: readonly Watched[] = [
  { machine: 'ScaleOut', file: 'scale-out', failed: 'An execution of scale-out failed' },
  { machine: 'ScaleIn', file: 'scale-in', failed: 'An execution of scale-in failed' },
  { machine: 'Tidy', file: 'tidy', failed: 'An execution of tidy failed' },
  {
    machine: 'RotateTokens',
    file: 'rotate-tokens',
    failed:
      'The join tokens may have been made anew without being published, so that nobody can join. skep rotate-tokens',
  },
  {
    machine: 'Rebalance',
    file: 'rebalance',
    failed: 'A rebalance was refused or failed. What it left behind the next tidy takes back',
  },
  {
    machine: 'Recover',
    file: 'recover',
    failed: 'A recovery was refused or failed. Started again, it goes on. skep recover',
  },
];

interface End {
  readonly id: string;
  readonly name: string;
  readonly description: (watched: Watched) => string;
}

const ENDS: readonly End[] = [
  { id: 'Failed', name: 'failed', description: ({ failed }) => failed },
  {
    id: 'TimedOut',
    name: 'timed-out',
    description: ({ file }) => `An execution of ${file} ran out of time, which ends it past all of its own handling`,
  },
  {
    id: 'Aborted',
    name: 'aborted',
    description: ({ file }) => `Somebody stopped an execution of ${file}, which ends it past all of its own handling`,
  },
];

const alarm = (watched: Watched, end: End): Record<string, unknown> => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmName: `skep-\${sls:stage}-${watched.file}-${end.name}`,
    AlarmDescription: end.description(watched),
    Namespace: 'AWS/States',
    MetricName: `Executions${end.id}`,
    Dimensions: [{ Name: 'StateMachineArn', Value: { Ref: watched.machine } }],
    Statistic: 'Sum',
    Period: 300,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ Ref: 'AlarmTopic' }],
  },
});

export const executionAlarms = {
  Resources: Object.fromEntries(
    WATCHED.flatMap((watched) => ENDS.map((end) => [`${watched.machine}${end.id}Alarm`, alarm(watched, end)])),
  ),
};
