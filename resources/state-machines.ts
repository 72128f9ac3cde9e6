// The state machines as they are deployed: statemachines/*.asl.yaml, with what they share from statemachines/parts.yaml in its places.
import { readFileSync, readdirSync } from 'node:fs';

import { YAMLMap, isMap, isScalar, parse, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import { z } from 'zod';

const FOLDER = new URL('../statemachines/', import.meta.url);
const ENDING = '.asl.yaml';

const partsFile = z.looseObject({ command: z.record(z.string(), z.unknown()) });
type Parts = z.infer<typeof partsFile>;

const PARTS = partsFile.parse(parse(readFileSync(new URL('parts.yaml', FOLDER), 'utf8')));

/** As their files are called: `scale-out`. */
export const machineNames: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length))
  .toSorted();

export function definitionOf(machine: string): unknown {
  return expand(readFileSync(new URL(`${machine}${ENDING}`, FOLDER), 'utf8'), PARTS);
}

/**
 * The definition that a text stands for.
 * @throws where it has a tag or names a part that is not there
 */
export function expand(text: string, parts: Parts): unknown {
  const document = parseDocument(text, { merge: true, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    throw error;
  }
  visit(document, {
    Node: (_key, node) => {
      if (node.tag === undefined || /^tag:yaml\.org,2002:/.test(node.tag)) {
        return undefined;
      }
      if (node.tag === '!part' && isScalar(node)) {
        return partOf(document, String(node.value), parts);
      }
      if (node.tag === '!command' && isMap(node)) {
        return commandOf(document, node, parts);
      }
      throw new Error(`there is no tag ${node.tag} for this: ${String(node)}`);
    },
  });
  // Each use is a copy of its own.
  return JSON.parse(JSON.stringify(document.toJS())) as unknown;
}

function partOf(document: Document, name: string, parts: Parts): Node {
  if (name === 'command' || !Object.hasOwn(parts, name)) {
    throw new Error(`statemachines/parts.yaml has no part ${name}`);
  }
  return document.createNode(parts[name]);
}

function commandOf(document: Document, own: YAMLMap, parts: Parts): Node {
  const payload = new YAMLMap();
  const shared = document.createNode(parts.command) as YAMLMap;
  payload.items = [...shared.items.filter(({ key }) => !own.has(key)), ...own.items];
  const node = document.createNode({ FunctionName: { 'Fn::GetAtt': ['command', 'Arn'] } }) as YAMLMap;
  node.set('Payload', payload);
  return node;
}
