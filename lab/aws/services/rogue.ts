// An instance whose root is somebody else's: its agent answers commands with what a scenario says. What an agent cannot do in AWS it
// cannot do here: it answers what was sent to its own instance, once, and SSM keeps what its limits let through.
import type { Clock } from '../../time/clock.ts';
import type { Random } from '../../time/random.ts';
import type { DocumentOutcome } from '../../nodes/machines.ts';

/** What a rogue makes of one command. Without `output` and `exitCode` the document runs, and its end is altered. */
export interface RogueAnswers {
  /** `random`: anything from 0 to 255. */
  readonly exitCode?: number | 'random' | undefined;
  /** In place of what the document prints. */
  readonly output?: string | undefined;
  /** How often the output is printed, one after the other. */
  readonly repeat: number;
  /** In place of what the document prints on stderr. */
  readonly stderr?: string | undefined;
  /** Members of the document's JSON line: those of a text are added as they are, `__proto__` too. */
  readonly merge?: Readonly<Record<string, unknown>> | string | undefined;
  /** How long the answer is kept back, ms. */
  readonly after: number;
  /** How often the news of the end is told: EventBridge delivers at least once. */
  readonly replies: number;
  /** The command is one of somebody who may send documents: its comment is that of the last command to the other instance. */
  readonly commentOf?: (() => string | undefined) | undefined;
}

export interface Rogue {
  readonly isMeant: (instanceId: string) => boolean;
  /** Of all documents where it is undefined. */
  readonly verb: string | undefined;
  readonly answers: RogueAnswers;
  /** Texts like `$node:managers`, which nobody can know before. */
  readonly fillIn: (text: string) => Promise<string>;
  times: number;
}

export interface RogueEnd {
  readonly outcome: DocumentOutcome;
  readonly replies: number;
  readonly comment: string | undefined;
}

export class Rogues {
  readonly all: Rogue[] = [];
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** How a command ends: as its document says, where no rogue answers it. */
  async end(
    command: { readonly instanceId: string; readonly verb: string },
    run: () => Promise<DocumentOutcome>,
  ): Promise<RogueEnd> {
    const rogue = this.#take(command);
    if (rogue === undefined) {
      return { outcome: await run(), replies: 1, comment: undefined };
    }
    const { answers, fillIn } = rogue;
    const runs = answers.output === undefined && answers.exitCode === undefined;
    const told = runs ? await run() : { exitCode: 0, stdout: '', stderr: '', timedOut: false };
    const outcome = {
      ...told,
      exitCode: this.#exitCode(answers.exitCode) ?? told.exitCode,
      stdout: (await altered(told.stdout, answers, fillIn)).repeat(answers.repeat),
      stderr: answers.stderr === undefined ? told.stderr : await fillIn(answers.stderr),
    };
    if (answers.after > 0) {
      await new Promise<void>((resolve) => {
        this.#clock.schedule(answers.after, resolve);
      });
    }
    return { outcome, replies: answers.replies, comment: answers.commentOf?.() };
  }

  #take({ instanceId, verb }: { readonly instanceId: string; readonly verb: string }): Rogue | undefined {
    const rogue = this.all.find(
      (one) => one.times > 0 && (one.verb === undefined || one.verb === verb) && one.isMeant(instanceId),
    );
    if (rogue !== undefined) {
      rogue.times -= 1;
    }
    return rogue;
  }

  #exitCode(chosen: number | 'random' | undefined): number | undefined {
    return chosen === 'random' ? Math.floor(this.#random.next() * 256) : chosen;
  }
}

async function altered(stdout: string, { output, merge }: RogueAnswers, fillIn: Rogue['fillIn']): Promise<string> {
  const printed = output === undefined ? stdout : await fillIn(output);
  if (merge === undefined) {
    return printed;
  }
  const members = (await fillIn(typeof merge === 'string' ? merge : JSON.stringify(merge))).trim();
  const lines = printed.trimEnd().split('\n');
  const last = lines.pop() ?? '';
  // As text, since of two members of one name the last one counts, and `__proto__` is a name like another.
  const own = last.startsWith('{') ? last.slice(1, last.lastIndexOf('}')) : '';
  return [...lines, `{${own}${own === '' ? '' : ','}${members.slice(1, -1)}}`, ''].join('\n');
}
