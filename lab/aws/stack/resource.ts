// A resource's properties by their schema, and its names.
import { prettifyError } from 'zod';
import type { z } from 'zod';

import { StackError } from './stack.ts';
import type { ResolvedResource } from './template.ts';

/** @throws StackError for properties that the lab does not know */
export function parse<S extends z.ZodType>(resource: ResolvedResource, schema: S): z.output<S> {
  const parsed = schema.safeParse(resource.properties);
  if (parsed.success) return parsed.data;
  throw new StackError(
    resource.logicalId,
    `${resource.type} as the lab does not know it:\n${prettifyError(parsed.error)}`,
  );
}

export function named(resource: ResolvedResource, name: string): { logicalId: string; name: string; arn: string } {
  return { logicalId: resource.logicalId, name, arn: resource.attributes['Arn'] ?? resource.ref };
}
