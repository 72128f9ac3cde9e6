// Temporary credentials, as Lambda's environment and instance metadata hand them out: the access key tells who calls.
import { createHash } from 'node:crypto';

import type { Caller } from '../services/service.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Undefined for a user's own key. */
  readonly sessionToken?: string;
}

/** The key of the person at the `aws` command. It may do everything. */
export const PERSON: Credentials = { accessKeyId: 'lab', secretAccessKey: 'lab' };

export class AccessKeys {
  readonly #issued = new Map<string, { readonly caller: Caller; readonly credentials: Credentials }>([
    [PERSON.accessKeyId, { caller: { kind: 'person', name: 'lab' }, credentials: PERSON }],
  ]);

  /** The same for the same caller in every run, so that runs can be compared. */
  issue(caller: Caller): Credentials {
    const hash = createHash('sha256').update(`${caller.kind} ${caller.name}`).digest('hex').toUpperCase();
    const credentials = {
      accessKeyId: `ASIA${hash.slice(0, 16)}`,
      secretAccessKey: 'lab',
      sessionToken: `session-${hash.slice(16, 48)}`,
    };
    this.#issued.set(credentials.accessKeyId, { caller, credentials });
    return credentials;
  }

  /** Undefined for a key that nobody was given, or without the session token that belongs to it. */
  callerOf(accessKeyId: string, sessionToken: string | null): Caller | undefined {
    const found = this.#issued.get(accessKeyId);
    return (found?.credentials.sessionToken ?? null) === sessionToken ? found?.caller : undefined;
  }
}
