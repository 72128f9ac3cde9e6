// What has changed from one look to the next, as sentences for people: the page’s log, and `skep events --follow`.
import type { InstanceView, PageView } from './view.ts';

export interface Change {
  /** Epoch seconds. */
  readonly at: number;
  /** The instance or the group; empty for the cluster itself. */
  readonly about: string;
  readonly what: string;
}

export function changesOf(before: PageView, after: PageView): Change[] {
  const { at } = after;
  const told = (about: string, what: string): Change => ({ at, about, what });
  return [
    ...(before.level === after.level ? [] : [told('', `verdict: ${before.level} \u2192 ${after.level}`)]),
    ...groupChanges(before, after).map(([about, what]) => told(about, what)),
    ...instanceChanges(before, after).map(([about, what]) => told(about, what)),
  ];
}

type PageChange = readonly [about: string, what: string];

function groupChanges(before: PageView, after: PageView): PageChange[] {
  const old = new Map(before.groups.map((one) => [one.name, one]));
  const now = new Set(after.groups.map(({ name }) => name));
  return [
    ...after.groups.flatMap(({ name, desired }): PageChange[] => {
      const was = old.get(name);
      if (was === undefined) {
        return [[name, `a new group, desired ${desired}`]];
      }
      return was.desired === desired ? [] : [[name, `desired ${was.desired} \u2192 ${desired}`]];
    }),
    ...before.groups.filter(({ name }) => !now.has(name)).map(({ name }): PageChange => [name, 'the group is gone']),
  ];
}

function instanceChanges(before: PageView, after: PageView): PageChange[] {
  const old = new Map(before.instances.map((one) => [one.id, one]));
  const now = new Set(after.instances.map(({ id }) => id));
  return [
    ...after.instances.flatMap((one): PageChange[] => {
      const was = old.get(one.id);
      if (was === undefined) {
        return [[one.id, `new in ${one.group}: ${one.lifecycle}`]];
      }
      const what = changed(was, one);
      return what === '' ? [] : [[one.id, what]];
    }),
    ...before.instances.filter(({ id }) => !now.has(id)).map(({ id, group }): PageChange => [id, `gone from ${group}`]),
  ];
}

function changed(was: InstanceView, one: InstanceView): string {
  const parts = (['lifecycle', 'ec2', 'phase', 'mark'] as const)
    .filter((name) => was[name] !== one[name])
    // The mark follows from the others: it is told only where nothing else has changed.
    .filter((name, _index, all) => name !== 'mark' || all.length === 1);
  return parts.map((name) => `${WORDS[name]} ${was[name]} \u2192 ${one[name]}`).join(', ');
}

const WORDS = { lifecycle: 'Auto Scaling:', ec2: 'EC2:', phase: 'skep:', mark: 'node:' } as const;
