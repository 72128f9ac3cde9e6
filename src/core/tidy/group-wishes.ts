// What a group wishes for its nodes, as the metadata of its launch hook says it: labels of its own, and availability.
import { readHookMetadata, wishedAvailability } from '../lifecycle/event.ts';
import type { WishedAvailability } from '../lifecycle/event.ts';
import { launchHook } from '../names.ts';
import type { TidyGroup } from './facts.ts';

interface Wishes {
  readonly labels: Readonly<Record<string, string>>;
  readonly availability: WishedAvailability;
}

/** Undefined where no hook says anything that can be read: the hook is reported, and nothing is made of it. */
export function wishesOf({ role, hooks }: TidyGroup, stage: string): Wishes | undefined {
  const metadata = readHookMetadata(hooks.find(({ name }) => name === launchHook(stage))?.metadata);
  return 'problem' in metadata
    ? undefined
    : { labels: metadata.labels ?? {}, availability: wishedAvailability(role, metadata.availability) };
}
