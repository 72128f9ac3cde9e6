// Reads the arguments of a docker command. One that is not known is a bug of whoever wrote it, and never ignored.
import { NotToBeHad } from '../../nodes/machines.ts';

export interface Arguments {
  readonly flags: ReadonlySet<string>;
  /** Values of an option that was given, in their order. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

interface Known {
  readonly flags?: readonly string[];
  readonly options?: readonly string[];
}

export function parseArguments(args: readonly string[], known: Known): Arguments {
  const { flags, options } = { flags: [], options: [], ...known };
  const found = { flags: new Set<string>(), options: new Map<string, string[]>(), operands: [] as string[] };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name = ''] = word.split('=', 1);
    if (!word.startsWith('-')) {
      found.operands.push(word);
    } else if (options.includes(name)) {
      const value = word === name ? rest.shift() : word.slice(name.length + 1);
      found.options.set(name, [...(found.options.get(name) ?? []), value ?? unknown(word, args)]);
    } else {
      found.flags.add(flags.includes(word) ? word : unknown(word, args));
    }
  }
  return found;
}

function unknown(word: string, args: readonly string[]): never {
  throw new NotToBeHad(`simulated docker does not know ${word} of ${args.join(' ')}`);
}
