// A command says until when it may begin. What begins later does nothing: what was right then may not be so any more.
import type { CommandRecord } from '../aws/services/invocation.ts';

/** The instance reads its own clock, which may be behind as far as AWS lets it be, ms. */
const CLOCKS = 300_000;

export function doneTooLate(commands: Iterable<CommandRecord>): string[] {
  return [...commands].flatMap(({ verb, instanceId, didItsWork, startedAt = 0, parameters }) => {
    const late = startedAt - Number(parameters['notAfter']?.[0]) * 1000;
    return didItsWork === true && late > CLOCKS
      ? [`${verb} began on ${instanceId} ${Math.round(late / 1000)} s after it might, and did its work`]
      : [];
  });
}
