// The expressions of DynamoDB's requests, each parsed once: skep has a few dozen of them, and sends them ten thousand times.
//
// dynalite parses an expression anew for each request, with the request's names and values in their places; that was more than its
// work on the items. Here the result for one request is kept with holes where the values were, and filled for the next one.

type Value = Readonly<Record<string, unknown>>;

/** What a request has beside the expression. Names that an expression uses are taken out of `unused...`. */
interface Context {
  readonly attrNames?: Readonly<Record<string, string>>;
  readonly attrVals?: Readonly<Record<string, Value>>;
  readonly unusedAttrNames: Record<string, true>;
  readonly unusedAttrVals: Record<string, true>;
  compare: (...given: readonly unknown[]) => boolean;
}

/** One of dynalite's: an object, or the text of what is wrong. */
type Parse = (expression: string, options: { readonly context: Context }) => unknown;

interface Known {
  readonly parsed: unknown;
  readonly usedNames: readonly string[];
  readonly usedValues: readonly string[];
}

/** In the place of a value. */
class Hole {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * The same as `parse`. What a result depends on is its key: the expression, the names, and the types of the values. What was wrong is not
 * kept, since it is told with values; nor what compares them (BETWEEN).
 */
export function remembering(parse: Parse): Parse {
  const known = new Map<string, Known>();
  return (expression, options) => {
    const { context } = options;
    const key = keyOf(expression, context);
    const old = known.get(key);
    if (old !== undefined) {
      for (const name of old.usedNames) Reflect.deleteProperty(context.unusedAttrNames, name);
      for (const name of old.usedValues) Reflect.deleteProperty(context.unusedAttrVals, name);
      return filled(old.parsed, context.attrVals ?? {});
    }
    const before = [Object.keys(context.unusedAttrNames), Object.keys(context.unusedAttrVals)] as const;
    const asked = { compares: false };
    const { compare } = context;
    context.compare = (...given) => {
      asked.compares = true;
      return compare(...given);
    };
    const parsed = parse(expression, options);
    if (typeof parsed === 'object' && !asked.compares) {
      const names = new Map(Object.entries(context.attrVals ?? {}).map(([name, value]) => [value, name]));
      known.set(key, {
        parsed: emptied(parsed, names),
        usedNames: before[0].filter((name) => !(name in context.unusedAttrNames)),
        usedValues: before[1].filter((name) => !(name in context.unusedAttrVals)),
      });
    }
    return parsed;
  };
}

/** An expression that comes second in a request finds what the first has used taken out already, and takes out nothing twice. */
function keyOf(expression: string, { attrNames, attrVals, unusedAttrNames, unusedAttrVals }: Context): string {
  const types = Object.entries(attrVals ?? {}).map(([name, value]) => [name, ...Object.keys(value)]);
  const unused = [Object.keys(unusedAttrNames), Object.keys(unusedAttrVals)];
  return JSON.stringify([expression, attrNames, types, unused]);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** @param names of the values: each is an object of its own */
function emptied(part: unknown, names: ReadonlyMap<unknown, string>): unknown {
  const name = names.get(part);
  if (name !== undefined) {
    return new Hole(name);
  }
  if (Array.isArray(part)) {
    return part.map((one: unknown) => emptied(one, names));
  }
  return isObject(part)
    ? Object.fromEntries(Object.entries(part).map(([key, value]) => [key, emptied(value, names)]))
    : part;
}

/** A copy, since dynalite writes into what it has parsed. */
function filled(part: unknown, values: Readonly<Record<string, Value>>): unknown {
  if (part instanceof Hole) {
    return values[part.name];
  }
  if (Array.isArray(part)) {
    return part.map((one: unknown) => filled(one, values));
  }
  if (!isObject(part)) {
    return part;
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(part)) {
    copy[key] = filled(part[key], values);
  }
  return copy;
}
