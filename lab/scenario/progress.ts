// What happens while it happens: for people who watch a run.
import type { Lab } from '../lab.ts';
import type { LabOptions } from '../options.ts';
import type { ExpectationResult } from './result.ts';
import { instanceOf, machineOf } from './result.ts';

/** `at`: milliseconds since the lab began, on its own clock. */
export type Progress =
  | { readonly kind: 'step'; readonly at: number; readonly text: string }
  | {
      readonly kind: 'instance';
      readonly at: number;
      readonly group: string;
      readonly instance: string;
      readonly lifecycle: string;
    }
  | {
      readonly kind: 'state';
      readonly at: number;
      readonly machine: string;
      readonly instance: string | null;
      readonly state: string;
      readonly error?: string;
    }
  | ({ readonly kind: 'expectation'; readonly at: number } & ExpectationResult);

type Watchers = Pick<LabOptions, 'onExecution' | 'onMember'>;

export function watch(lab: () => Lab, onProgress: ((progress: Progress) => void) | undefined): Watchers {
  if (onProgress === undefined) {
    return {};
  }
  const at = (): number => lab().clock.now() - lab().clock.start;
  return {
    onMember: ({ name: group }, { instanceId: instance, lifecycle }) => {
      onProgress({ kind: 'instance', at: at(), group, instance, lifecycle });
    },
    onExecution: (execution, event) => {
      const ended = /^Execution(Succeeded|Failed|Aborted|TimedOut)$/.exec(event.type)?.[1];
      const entered = event.type.endsWith('StateEntered') ? event.state : undefined;
      const state = ended ?? entered;
      if (state !== undefined && !PASSING.has(state)) {
        const { error } = execution;
        const what = { machine: machineOf(execution), instance: instanceOf(execution), state };
        onProgress({
          kind: 'state',
          at: at(),
          ...what,
          ...(ended === undefined || error === undefined ? {} : { error }),
        });
      }
    },
  };
}

/** States that say nothing to somebody who watches. */
const PASSING = new Set(['Route', 'Scope', 'MorePages', 'Kind', 'Completed']);

export function progressLine(progress: Progress): string {
  const time = clockFace(progress.at);
  switch (progress.kind) {
    case 'step':
      return `${time}  ${progress.text}`;
    case 'instance':
      return `${time}    ${progress.instance}  ${progress.group}: ${progress.lifecycle}`;
    case 'state': {
      const { machine, instance, state, error } = progress;
      return `${time}    ${instance ?? '-'.padEnd(19)}  ${machine} > ${state}${error === undefined ? '' : ` (${error})`}`;
    }
    case 'expectation':
      return `${time}  ${progress.ok ? 'ok  ' : 'FAIL'} ${progress.what}${progress.ok ? '' : `, seen ${JSON.stringify(progress.seen)}`}`;
  }
}

function clockFace(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${part(Math.floor(seconds / 3600))}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
}
