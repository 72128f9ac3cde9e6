// The rules that must hold whatever goes wrong, by name. A scenario is held against them while it runs (`invariants` of the file).

export const RULES = {
  'one-swarm': 'a cluster has one swarm at most: no second one is ever founded beside it',
  'quorum-kept':
    'no living manager is demoted where too few of the others could be reached, or where fewer would be left than the groups want',
  'none-forgotten-alive':
    'no node is removed while its instance is in service and is that node, unless EC2 has said that it takes it back',
  'drained-before-forgotten':
    'no node of a running instance is removed while its managers count tasks as at work on it, unless for an hour nobody heard of it and its group called it unhealthy',
  'drained-before-ended':
    'no running instance is ended through its hook by us with tasks at work on it, unless an alarm says that it was forced, or that its launch failed',
  'one-at-work': 'no event that comes a second time takes an instance from the execution that is at work on it',
  'waits-without-lock': 'a manager that was refused waits for others without the lock that they need',
  'tried-to-the-end':
    'no action that has sent a command is ended by force when most of its time has passed without another try',
  'late-does-nothing': 'no command does its work that begins later than it may',
  'abandoned-by-rule': 'of one group no more than three launches in a row are abandoned',
  'no-secret': 'no join token is anywhere but in Parameter Store',
  'errors-have-names': 'every execution that fails ends with an error that docs/errors.md explains',
  'honest-verdict': 'no verdict is healthy while the swarm is not what the groups say, or has no leader',
  'comes-to-rest':
    'when nothing goes wrong any more no hook stays open, no execution runs on, and the last tidy finds nothing to do',
  'swarm-is-the-instances':
    'when nothing goes wrong any more the nodes are the instances in service: no more, no fewer, each Ready and labelled; what is down and was never confirmed is told as NodeUnknown',
  'nothing-left-over':
    'when nothing goes wrong any more no lock is held, no node is kept from tasks, and no constraint of ours is on a service',
  'services-as-said':
    'when nothing goes wrong any more a service is what its owner has said last, the number of its tasks included',
} as const satisfies Readonly<Record<string, string>>;

export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  readonly what: string;
  /** Milliseconds since the lab began, on its clock. */
  readonly at: number;
}
