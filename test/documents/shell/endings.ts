// Finds where a script would end in a shell of its own: in `$( )`, `( )` or a pipeline. There `fail` prints its line and ends that shell alone: the
// script goes on without the answer, or ends once more, and prints a second line.
import { forEachChild, parse } from 'unbash';
import type { SyntaxNode } from 'unbash';

/** Ends the script that calls it. */
const ENDS: readonly string[] = ['exit', 'fail', 'finish'];

/** @returns the function and the call, for each call within a shell of its own of what may end the script */
export function endingsInSubshells(script: string): string[] {
  const tree = parse(script);
  const bodies = new Map<string, SyntaxNode>();
  visit(tree, (node) => {
    if (node.type === 'Function') bodies.set(node.name.text, node.body);
    return true;
  });
  const ending = new Set(ENDS);
  let size = 0;
  while (size !== ending.size) {
    size = ending.size;
    for (const [name, body] of bodies) {
      if (callsIn(body, false).some((call) => ending.has(call))) ending.add(name);
    }
  }
  const found: string[] = [];
  const look = (node: SyntaxNode, within: string): void => {
    const place = node.type === 'Function' ? node.name.text : within;
    if (isOwnShell(node)) {
      const calls = callsIn(node, true).filter((call) => ending.has(call));
      found.push(...calls.map((call) => `${place} ${call}`));
    }
    forEachChild(node, (child) => {
      look(child, place);
    });
  };
  look(tree, '-');
  return [...new Set(found)];
}

const isOwnShell = (node: SyntaxNode): boolean =>
  ['CommandExpansion', 'ProcessSubstitution', 'ArithmeticCommandExpansion', 'Subshell'].includes(node.type) ||
  // `! command` is a pipeline of one.
  (node.type === 'Pipeline' && node.commands.length > 1);

/** Names of what is called in a node, less what its functions and, but for the node itself, shells of their own call. */
function callsIn(root: SyntaxNode, isItself: boolean): string[] {
  const calls: string[] = [];
  visit(root, (node) => {
    if (node.type === 'Function' || (isOwnShell(node) && !(isItself && node === root))) return false;
    if (node.type === 'Command') calls.push(node.name?.text ?? '');
    return true;
  });
  return calls;
}

/** @param enter false where what is below is not to be visited */
function visit(node: SyntaxNode, enter: (node: SyntaxNode) => boolean): void {
  if (enter(node)) {
    forEachChild(node, (child) => {
      visit(child, enter);
    });
  }
}
