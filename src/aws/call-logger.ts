// What the SDK tells its calls to: nobody.
import type { SSMClientConfig } from '@aws-sdk/client-ssm';

type Logger = NonNullable<SSMClientConfig['logger']>;

const nothing = (): void => undefined;

/**
 * For each call the SDK leaves out of the input and of the output what is secret, and gives both to its logger, also to the one that it has
 * by default, which drops them. One that takes neither calls nor errors gets neither, and nothing is made up for it.
 */
export const noCalls = { trace: nothing, debug: nothing, warn: nothing } as Logger;
