// How actions end: what may be abandoned, and how often in a row.
import { z } from 'zod';

import type { Exchange } from '../aws/endpoint.ts';

const MOST_LAUNCHES = 3;
const completion = z.object({
  AutoScalingGroupName: z.string(),
  LifecycleHookName: z.string(),
  LifecycleActionResult: z.string(),
});
type Completion = z.infer<typeof completion>;

export class AbandonedByRule {
  readonly #launches = new Map<string, number>();

  after({ service, operation, input, error }: Exchange): string[] {
    const isEnd = service === 'autoscaling' && operation === 'CompleteLifecycleAction' && error === undefined;
    return isEnd ? this.#ended(completion.parse(input)) : [];
  }

  #ended({
    AutoScalingGroupName: group,
    LifecycleHookName: hook,
    LifecycleActionResult: result,
  }: Completion): string[] {
    if (!hook.endsWith('-launch')) {
      return [];
    }
    const inRow = result === 'ABANDON' ? (this.#launches.get(group) ?? 0) + 1 : 0;
    this.#launches.set(group, inRow);
    return inRow > MOST_LAUNCHES ? [`${inRow} launches of ${group} were abandoned in a row`] : [];
  }
}
