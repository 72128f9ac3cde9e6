// Placement constraints: `node.labels.x==y`, `node.role!=manager`, `node.id`, `node.hostname`.
import type { TaskNode } from './task-node.ts';

export const isConstraint = (text: string): boolean => /==|!=/.test(text);

export const meets = (constraints: readonly string[], node: TaskNode): boolean =>
  constraints.every((constraint) => {
    const [, key = '', operator, wanted = ''] = /^\s*(.*?)\s*(==|!=)\s*(.*?)\s*$/.exec(constraint) ?? [];
    const value = valueOf(key, node);
    // Of what SwarmKit does not know no node has any value: neither operator fits it.
    return value !== undefined && (value.toLowerCase() === wanted.toLowerCase()) === (operator === '==');
  });

function valueOf(key: string, node: TaskNode): string | undefined {
  const name = key.toLowerCase();
  if (name.startsWith('node.labels.')) {
    return node.labels[key.slice('node.labels.'.length)] ?? '';
  }
  return { 'node.id': node.nodeId, 'node.hostname': node.hostname, 'node.role': node.role }[name];
}
