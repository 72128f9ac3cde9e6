// What an execution of the tidy machine returns, and how a person reads it.
import { z } from 'zod';

const node = z.looseObject({ instance: z.string() });
const about = {
  because: z.string(),
  instance: z.string().optional(),
  group: z.string().optional(),
  nodeId: z.string().optional(),
  name: z.string().optional(),
};
const repair = z.looseObject({
  kind: z.string(),
  ...about,
  nodes: z.array(node).optional(),
  items: z.array(node).optional(),
});
export const tidied = z.object({
  plan: z.looseObject({
    repairs: z.array(repair),
    reports: z.array(z.looseObject(about)),
    held: z.boolean().default(false),
  }),
  done: z.array(z.looseObject({ kind: z.string(), because: z.string(), failed: z.unknown().optional() })),
});
export type Tidied = z.infer<typeof tidied>;

export function whom({ nodes = [], items = [], instance, group }: Tidied['plan']['repairs'][number]): string {
  const some = [...nodes, ...items].map((one) => one.instance);
  const more = some.length > 5 ? ` and ${some.length - 5} more` : '';
  return some.length > 0 ? `${some.slice(0, 5).join(' ')}${more}` : (instance ?? group ?? '');
}
