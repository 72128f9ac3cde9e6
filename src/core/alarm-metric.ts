// What rings: metrics that have an alarm each.

/** The metrics that alarms watch: each stands for something that a person should know. */
export type AlarmMetric =
  | 'ManagerHeld'
  | 'EventRejected'
  | 'LaunchAbandoned'
  | 'ForcedCompletion'
  | 'LeftBehind'
  | 'LeaderRecordLost'
  | 'NoManagerAnswers'
  | 'EvenManagers'
  | 'ClusterHeld'
  | 'DnsFailed'
  | 'WebhookFailed';

/** Counts the metric once, and logs why, and about what. */
export type Raise = (metric: AlarmMetric, because: string, ids: Record<string, unknown>) => void;
