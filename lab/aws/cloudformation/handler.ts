// What CloudFormation has for each type of resource: how it is named, what it refers to, and what else making it does.
import type { Random } from '../../time/random.ts';
import type { Json, JsonObject } from '../stack/stack.ts';
import type { Account, AccountRecord } from './account.ts';

/** Why a resource could not be made, changed or taken away. */
export class HandlerError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A resource that is to be made. */
export interface Wanted {
  readonly logicalId: string;
  readonly stackName: string;
  readonly properties: JsonObject;
  readonly account: Account;
  readonly random: Random;
}

export interface Handler {
  /** Seconds until it is made; without it a moment. */
  readonly seconds?: number;
  /** Its own name may be given; two of one name there cannot be. */
  readonly nameProperty?: string;
  /** The physical id, of the name where it has one. */
  readonly idOf: (wanted: Wanted, name: string) => string;
  /** What `Ref` gives, where it is not the physical id. */
  readonly refOf?: (id: string) => string;
  readonly attributesOf?: (id: string, wanted: Wanted) => Readonly<Record<string, Json>>;
  /** Those that an update may have changed. */
  readonly renewed?: (id: string) => Readonly<Record<string, Json>>;
  /** Properties that name another record, or several: its type. */
  readonly refers?: Readonly<Record<string, string>>;
  /** It cannot go while one of these types names it; and in which words AWS says so. */
  readonly heldBy?: { readonly types: readonly string[]; readonly message: (id: string) => string };
  readonly effects?: Effects;
}

/** What the lab does beyond keeping a record. Each of them may throw a HandlerError. */
interface Effects {
  /** Also what would refuse it, before there is a record. */
  readonly create?: (record: AccountRecord) => void;
  readonly update?: (record: AccountRecord, before: JsonObject, policy: UpdatePolicy) => void;
  readonly remove?: (record: AccountRecord) => void;
  /** Asked again and again after it was made or changed, until it is so. */
  readonly isStable?: (record: AccountRecord) => boolean;
  /** Asked again and again after its removal has begun. */
  readonly isGone?: (record: AccountRecord) => boolean;
  /** What it is like now, where somebody may have changed it by hand. */
  readonly actual?: (record: AccountRecord) => JsonObject;
  /** What CloudFormation says when it has waited long enough for either. */
  readonly notStable?: (record: AccountRecord) => string;
}

export interface UpdatePolicy {
  readonly ignoresUnmodifiedSizes: boolean;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** A name as CloudFormation makes it up. */
export function madeUpName({ stackName, logicalId, random }: Wanted, most = 255): string {
  const end = Array.from({ length: 12 }, () => LETTERS[Math.floor(random.next() * LETTERS.length)]).join('');
  return `${`${stackName}-${logicalId}`.slice(0, most - 13)}-${end}`;
}

export const hexId =
  (prefix: string) =>
  ({ random }: Wanted): string =>
    `${prefix}-0${random.hex(16)}`;

export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

export const texts = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [textOf(value)];
