// What several operations of CloudFormation take.
import { z } from 'zod';
import { flag } from '../services/inputs.ts';

/** An empty list is an empty text in a form. */
const list = <T extends z.ZodType>(one: T) =>
  z.preprocess((value) => (value === '' ? [] : value), z.array(one)).default([]);

export const asked = {
  list,
  flag,
  /** Of a stack, or its id. */
  name: z.string().regex(/^([a-zA-Z][-a-zA-Z0-9]*)$|^(arn:[-a-zA-Z0-9:/._+]*)$/),
  token: z.string().min(1).max(1024).optional(),
  clientToken: z
    .string()
    .regex(/^[a-zA-Z0-9][-a-zA-Z0-9]*$/)
    .max(128)
    .optional(),
  parameter: z.strictObject({
    ParameterKey: z.string(),
    ParameterValue: z.string().optional(),
    UsePreviousValue: flag.optional(),
  }),
  capabilities: list(z.enum(['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'])),
  tags: list(z.strictObject({ Key: z.string().min(1).max(128), Value: z.string().min(1).max(256) })),
};
