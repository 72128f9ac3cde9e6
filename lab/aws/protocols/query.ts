// The AWS Query protocol and EC2's dialect of it: form fields in, XML out.
import XMLBuilder from 'fast-xml-builder';

/** `Tags.member.1.Key=a` (Query) or `Filter.1.Value.1=a` (EC2) as nested objects and lists. */
export function parseForm(form: URLSearchParams): Record<string, unknown> {
  const root = emptyTree();
  for (const [name, value] of form) {
    const path = name.split('.').filter((part) => part !== 'member');
    place(root, path, value);
  }
  return listsOf(root) as Record<string, unknown>;
}

interface Tree {
  [name: string]: Tree | string;
}

/** Without a prototype: a form may name a member `__proto__`. */
const emptyTree = (): Tree => Object.create(null) as Tree;

function place(tree: Tree, path: readonly string[], value: string): void {
  const [head, ...rest] = path;
  if (head === undefined) {
    return;
  }
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const below = tree[head];
  const next = typeof below === 'object' ? below : emptyTree();
  tree[head] = next;
  place(next, rest, value);
}

function listsOf(tree: Tree | string): unknown {
  if (typeof tree === 'string') {
    return tree;
  }
  const entries = Object.entries(tree);
  const numbered = entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name));
  return numbered
    ? entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, value]) => listsOf(value))
    : Object.fromEntries(entries.map(([name, value]) => [name, listsOf(value)]));
}

const builder = new XMLBuilder({ ignoreAttributes: false, suppressEmptyNode: true });

/** @param flat members that are maps, as repeated elements of that name */
export function queryResponse(
  action: string,
  result: unknown,
  requestId: string,
  flat: Readonly<Record<string, string>> = {},
): string {
  return builder.build({
    [`${action}Response`]: {
      [`${action}Result`]: flattened(wire(result, 'member'), flat),
      ResponseMetadata: { RequestId: requestId },
    },
  });
}

function flattened(result: unknown, flat: Readonly<Record<string, string>>): unknown {
  if (typeof result !== 'object' || result === null) {
    return result;
  }
  const pairs = (map: object): unknown[] =>
    Object.entries(map).map(([Name, Value]) => ({ Name, Value: String(Value) }));
  return Object.fromEntries(
    Object.entries(result).map(([name, inner]: [string, unknown]) =>
      flat[name] === undefined || typeof inner !== 'object' || inner === null
        ? [name, inner]
        : [flat[name], pairs(inner)],
    ),
  );
}

export function queryError(code: string, message: string, status: number, requestId: string): string {
  const Type = status >= 500 ? 'Receiver' : 'Sender';
  return builder.build({ ErrorResponse: { Error: { Type, Code: code, Message: message }, RequestId: requestId } });
}

export function ec2Response(action: string, result: Record<string, unknown>, requestId: string): string {
  return builder.build({ [`${action}Response`]: { requestId, ...(wire(result, 'item') as object) } });
}

export function ec2Error(code: string, message: string, requestId: string): string {
  return builder.build({ Response: { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId } });
}

/** Lists become `<member>`/`<item>` elements; dates ISO text; undefined vanishes. */
function wire(value: unknown, item: string): unknown {
  if (Array.isArray(value)) {
    return { [item]: value.map((one) => wire(one, item)) };
  }
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .map(([name, inner]) => [name, wire(inner, item)]),
    );
  }
  return typeof value === 'boolean' ? String(value) : value;
}
