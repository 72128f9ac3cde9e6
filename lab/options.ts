// What a lab is opened with.
import type { Clock } from './time/clock.ts';
import type { Latencies } from './aws/latencies.ts';
import type { MachineSurroundings, Machines } from './nodes/machines.ts';
import type { Random } from './time/random.ts';
import type { Group, Member } from './aws/services/group.ts';
import type { Limits } from './aws/services/throttles.ts';
import type { Stack } from './aws/stack/stack.ts';
import type { Execution } from './aws/states/execution.ts';
import type { HistoryEvent } from './aws/states/history.ts';

export interface LabOptions {
  readonly stack: Stack;
  /** Further stages in the same account: the same bus, the same groups, a table each. */
  readonly beside?: readonly Stack[];
  readonly seed: number;
  readonly virtual: boolean;
  readonly latencies: Latencies;
  readonly limits?: Limits;
  readonly port?: number;
  readonly machines: (parts: { clock: Clock; random: Random; surroundings: MachineSurroundings }) => Machines;
  readonly onExecution?: (execution: Execution, event: HistoryEvent) => void;
  readonly onMember?: (group: Group, member: Member) => void;
  readonly onLog?: (name: string, line: string) => void;
  /** Called for each statement of a policy without which a call would not have been allowed. */
  readonly onNeeded?: ((statement: string) => void) | undefined;
}
