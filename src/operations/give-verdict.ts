// Makes the verdict of a cluster, keeps it, and tells people where it has changed.
import type { SQSClient } from '@aws-sdk/client-sqs';

import { countDeadLetters } from '../aws/dead-letters.ts';
import type { VerdictItems, KeptVerdict, Verdicts } from '../store/verdicts.ts';
import { FlowError } from '../core/errors.ts';
import type { VerdictFacts } from '../core/verdict/findings.ts';
import { afterSending, toSend } from '../core/verdict/notice.ts';
import type { Notice, Target } from '../core/verdict/notice.ts';
import { judge } from '../core/verdict/verdict.ts';
import type { Judgement } from '../core/verdict/verdict.ts';
import { tell } from './notify.ts';
import type { NoticeChannels } from './notify.ts';

/** More writers than that at one item at once there are not. */
const WRITES = 5;

export interface VerdictPorts {
  readonly verdicts: Verdicts;
  readonly queues: SQSClient;
  readonly deadLetters: string;
  readonly telling: NoticeChannels;
  readonly stage: string;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** What the tidy that asks for a verdict knows. */
export interface Tidied extends Pick<VerdictFacts, 'cluster' | 'seen' | 'failed' | 'repairsFailed'> {
  readonly execution: string;
}

/**
 * @returns undefined where a later look has been judged already
 * @throws what the topic refused, after all else is written: the state machine tries again, and sends what is still due
 */
export async function giveVerdict(ports: VerdictPorts, tidied: Tidied): Promise<Judgement | undefined> {
  const deadLetters = await countDeadLetters(ports.queues, ports.deadLetters);
  const { cluster, execution } = tidied;
  for (let write = 0; write < WRITES; write += 1) {
    const around = await ports.verdicts.readAround(cluster);
    const now = ports.now();
    const { kept } = around;
    const judged = judge(factsOf(tidied, around, deadLetters, now), kept.verdict);
    if (judged === undefined) {
      return undefined;
    }
    const { outbox, send } = toSend(kept.outbox, kept.verdict, judged, { cluster, execution, now });
    if (await ports.verdicts.write(cluster, kept.revision, { verdict: judged.verdict, outbox })) {
      await sendAll(ports, tidied, send, { revision: kept.revision + 1, verdict: judged.verdict, outbox });
      return judged;
    }
  }
  throw tooBusy(cluster);
}

function factsOf(tidied: Tidied, around: VerdictItems, deadLetters: number, now: number): VerdictFacts {
  const { cluster, seen, failed, repairsFailed } = tidied;
  const { lock, forced, failed: lastFailure, hold, state } = around;
  return { cluster, now, seen, failed, repairsFailed, lock, forced, lastFailure, hold, state, deadLetters };
}

async function sendAll(
  ports: VerdictPorts,
  { cluster, execution }: Tidied,
  notices: readonly Notice[],
  written: KeptVerdict,
): Promise<void> {
  if (notices.length === 0) {
    return;
  }
  const { sent, error } = await tell(ports.telling, notices, { stage: ports.stage, cluster });
  await takeOff(ports, { cluster, execution }, sent, written);
  if (error !== undefined) {
    throw error;
  }
}

/** Another tidy may have written meanwhile, and nothing of its is lost. */
async function takeOff(
  { verdicts }: VerdictPorts,
  { cluster, execution }: Pick<Tidied, 'cluster' | 'execution'>,
  sent: ReadonlyMap<string, readonly Target[]>,
  written: KeptVerdict,
): Promise<void> {
  let kept = written;
  for (let write = 0; write < WRITES; write += 1) {
    const { revision, verdict, outbox } = kept;
    const sender = outbox.sender?.execution === execution ? undefined : outbox.sender;
    const left = { notices: afterSending(outbox.notices, sent), sender };
    if (verdict === undefined || (await verdicts.write(cluster, revision, { verdict, outbox: left }))) {
      return;
    }
    kept = await verdicts.read(cluster);
  }
  throw tooBusy(cluster);
}

const tooBusy = (cluster: string): FlowError =>
  new FlowError('Throttled', `the verdict of ${cluster} was written by others each time: the next try begins anew`);
