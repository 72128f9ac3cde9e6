// dynalite without the HTTP around it: checks a request, and does it. Its own handler makes ids from the system's random numbers, reads an
// address and a signature, and counts checksums for each request, which took a quarter of its time, and nobody looks at any of that.
import { createRequire } from 'node:module';

import { z } from 'zod';

import { remembering } from './dynamodb-expressions.ts';
import { Store } from './dynamodb-store.ts';

type Data = Readonly<Record<string, unknown>>;
type Done = (error: unknown, data?: unknown) => void;

interface Validations {
  readonly checkTypes: (data: unknown, types: unknown) => Data;
  readonly checkValidations: (data: Data, types: unknown, custom: unknown, store: Store) => void;
}
interface Operation {
  readonly act: (store: Store, data: Data, done: Done) => void;
  readonly types: unknown;
  readonly custom: unknown;
}

export interface DynaliteAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** As JSON has it. */
const copyOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Of version 4.0.0, which is pinned; `index.js` of the package does the same with them. */
const load = createRequire(import.meta.url);
const { checkTypes, checkValidations } = load('dynalite/validations') as Validations;

/** The checks call them by their modules: there, and nowhere else, they get one that remembers. */
for (const name of ['conditionParser', 'updateParser', 'projectionParser']) {
  const parser = load(`dynalite/db/${name}`) as { parse: Parameters<typeof remembering>[0] };
  parser.parse = remembering(parser.parse);
}

const refusal = z.object({ statusCode: z.number(), body: z.unknown() });

/** Undefined for what is none, but a bug. */
function refusalOf(error: unknown): DynaliteAnswer | undefined {
  const refused = refusal.safeParse(error);
  return refused.success ? { status: refused.data.statusCode, body: refused.data.body } : undefined;
}

export class Dynalite {
  readonly #store = new Store();
  readonly #operations = new Map<string, Operation>();

  /** @param operation one that dynalite knows. @throws what is no refusal: a bug */
  ask(operation: string, input: unknown): Promise<DynaliteAnswer> {
    const { act, types, custom } = this.#operation(operation);
    return new Promise((resolve, reject) => {
      const end: Done = (error, answer) => {
        const answered =
          error === undefined || error === null ? { status: 200, body: copyOf(answer) } : refusalOf(error);
        if (answered === undefined) {
          reject(new Error('dynalite failed', { cause: error }));
        } else {
          resolve(answered);
        }
      };
      try {
        // It changes what it is given, and so gets what comes over the wire: a copy.
        const data = checkTypes(copyOf(input), types);
        checkValidations(data, types, custom, this.#store);
        act(this.#store, data, end);
      } catch (error) {
        end(error);
      }
    });
  }

  #operation(name: string): Operation {
    const known = this.#operations.get(name);
    if (known !== undefined) {
      return known;
    }
    const file = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    const { types, custom } = load(`dynalite/validations/${file}`) as Pick<Operation, 'types' | 'custom'>;
    const operation = { act: load(`dynalite/actions/${file}`) as Operation['act'], types, custom };
    this.#operations.set(name, operation);
    return operation;
  }
}
