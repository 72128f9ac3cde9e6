// SSM Parameter Store as the lab plays it: SecureStrings under a key of the stack.
import { z } from 'zod';

import { DEFAULT_KEY } from '../iam/default-key.ts';
import { rateExceeded } from './throttles.ts';
import type { Throttles } from './throttles.ts';
import { QUOTAS } from './quotas.ts';
import { AwsError } from './service.ts';
import type { Service } from './service.ts';

const getParameter = z.strictObject({ Name: z.string().min(1).max(2048), WithDecryption: z.boolean().default(false) });
const deleteParameter = z.strictObject({ Name: z.string().min(1).max(1011) });
const putParameter = z.strictObject({
  Name: z
    .string()
    .regex(/^\/[a-zA-Z0-9_./-]+$/)
    .max(2048),
  Value: z.string().min(1),
  Type: z.enum(['String', 'StringList', 'SecureString']).optional(),
  KeyId: z
    .string()
    .regex(/^([a-zA-Z0-9:/_-]+)$/)
    .max(256)
    .optional(),
  Overwrite: z.boolean().default(false),
  Tier: z.literal('Standard').optional(),
  Description: z.string().max(1024).optional(),
});

interface Parameter {
  readonly value: string;
  readonly type: string;
  readonly keyId: string | undefined;
  readonly version: number;
}

export class ParameterStore implements Service {
  readonly name = 'ssm';
  readonly operations = {
    GetParameter: (input: Record<string, unknown>) => this.#get(getParameter.parse(input)),
    PutParameter: (input: Record<string, unknown>) => this.#put(putParameter.parse(input)),
    DeleteParameter: (input: Record<string, unknown>) => this.#delete(deleteParameter.parse(input)),
  };

  readonly #parameters = new Map<string, Parameter>();
  #keys: readonly string[];
  readonly #throttles: Throttles | undefined;

  /** @param keys ARNs of the keys that exist. */
  constructor(keys: readonly string[], throttles?: Throttles) {
    this.#keys = keys;
    this.#throttles = throttles;
  }

  /** From here on these keys exist, and no others. */
  deploy(keys: readonly string[]): void {
    this.#keys = keys;
  }

  /** Which key it is encrypted with; undefined where there is no such parameter, or it is not encrypted. */
  keyOf(name: string): string | undefined {
    const parameter = this.#parameters.get(name);
    return parameter?.type === 'SecureString' ? (parameter.keyId ?? DEFAULT_KEY) : undefined;
  }

  /** For whoever plays a person: without asking anybody. */
  valueOf(name: string): string | undefined {
    return this.#parameters.get(name)?.value;
  }

  #get({ Name, WithDecryption }: z.infer<typeof getParameter>): unknown {
    if (this.#throttles?.take('getParameter') === false) {
      throw rateExceeded();
    }
    const parameter = this.#parameters.get(Name);
    if (parameter === undefined) {
      throw new AwsError('ParameterNotFound', '');
    }
    const { type, value, version } = parameter;
    const Value = type === 'SecureString' && !WithDecryption ? 'encrypted' : value;
    return { Parameter: { Name, Type: type, Value, Version: version } };
  }

  #put({ Name, Value, Type, KeyId, Overwrite }: z.infer<typeof putParameter>): unknown {
    const old = this.#parameters.get(Name);
    if (old !== undefined && !Overwrite) {
      throw new AwsError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    checkSize(Name, Value);
    const type = Type ?? old?.type;
    if (type === undefined) {
      throw new AwsError('ValidationException', 'A parameter type is required when you create a parameter.');
    }
    this.#checkKey(type, KeyId);
    const version = (old?.version ?? 0) + 1;
    this.#parameters.set(Name, { value: Value, type, keyId: KeyId, version });
    return { Version: version, Tier: 'Standard' };
  }

  #delete({ Name }: z.infer<typeof deleteParameter>): unknown {
    if (!this.#parameters.delete(Name)) {
      throw new AwsError('ParameterNotFound', '');
    }
    return {};
  }

  #checkKey(type: string, keyId: string | undefined): void {
    if (type === 'SecureString' && keyId !== undefined && ![...this.#keys, DEFAULT_KEY].includes(keyId)) {
      throw new AwsError('InvalidKeyId', `Key '${keyId}' does not exist`);
    }
  }
}

function checkSize(name: string, value: string): void {
  const levels = QUOTAS.parameterLevels.value;
  if (name.split('/').length - 1 > levels) {
    throw new AwsError(
      'HierarchyLevelLimitExceededException',
      `The hierarchy of a parameter's name can have a maximum of ${levels} levels.`,
    );
  }
  if (/^\/(aws|ssm)(\/|$)/i.test(name)) {
    throw new AwsError(
      'ValidationException',
      'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
    );
  }
  if (Buffer.byteLength(value) > QUOTAS.parameterValue.value) {
    throw new AwsError(
      'ValidationException',
      `Standard tier parameters support a maximum parameter value of ${QUOTAS.parameterValue.value} characters.`,
    );
  }
  if (value.includes('{{')) {
    throw new AwsError('ValidationException', 'Parameter value: nested parameters like {{name}} are not allowed.');
  }
}
