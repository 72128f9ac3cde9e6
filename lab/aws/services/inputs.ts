// What the inputs of several operations have: as JSON, and as the Query protocol has it, which knows text only.
import { z } from 'zod';

export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** Of a group, a hook or a tag. */
export const awsName = z.string().min(1).max(255);
