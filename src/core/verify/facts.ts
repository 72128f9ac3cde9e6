// What `skep verify` reads of an account, in one shape: what was seen, or why it could not be.
import type { HookFacts } from '../lifecycle/hooks.ts';
import type { NodeRole, Verb } from '../names.ts';

interface DeployedPart {
  readonly logicalId: string;
  readonly type: string;
  readonly status: string;
}

export interface DeployedDocument {
  readonly verb: Verb;
  readonly status: string;
  readonly defaultVersion: string;
  readonly latestVersion: string;
  readonly platforms: readonly string[];
}

export interface DeployedMachine {
  readonly name: string;
  readonly status: string;
  readonly kind: string;
  readonly definition: string;
}

export interface VerifiedGroup {
  readonly name: string;
  readonly cluster: string;
  readonly role: NodeRole;
  readonly hooks: readonly HookFacts[];
  readonly retains: boolean;
  /** Of each instance in service, what Systems Manager says of its agent; undefined where it does not know it. */
  readonly agents: readonly { readonly instance: string; readonly ping: string | undefined }[];
}

/** What AWS is asked although it must refuse it, by the name of the question; the answer is the name of the error, or `nothing`. */
export type Probe =
  | 'unknown-command'
  | 'unknown-node'
  | 'unknown-token'
  | 'unknown-execution'
  | 'unknown-instance'
  | 'unknown-parameter'
  | 'unmet-condition';

export interface VerifyFacts {
  readonly stack: { readonly status: string; readonly parts: readonly DeployedPart[] };
  readonly exports: readonly string[];
  readonly table: { readonly status: string; readonly keys: readonly string[]; readonly isProtected: boolean };
  readonly documents: readonly DeployedDocument[];
  readonly machines: { readonly partition: string; readonly all: readonly DeployedMachine[] };
  /** What AWS finds in the definitions, `machine: diagnosis`. */
  readonly diagnoses: readonly string[];
  readonly probes: Readonly<Record<Probe, string>>;
  readonly deadLetters: number;
  readonly groups: readonly VerifiedGroup[];
  /** Error name of a completion whose token nobody has, in a group that there is. */
  readonly noSuchAction: { readonly name: string; readonly message: string };
  /** Error name of a list of commands since a time with milliseconds. */
  readonly sinceMilliseconds: string;
  /** By name of the parameter: the error name when you ask for its value. */
  readonly joinTokens: Readonly<Record<string, string>>;
}

/** Why it is not known, in place of what was seen. */
export type Reading<T> = { readonly seen: T } | { readonly problem: string };

export type Readings = { readonly [K in keyof VerifyFacts]: Reading<VerifyFacts[K]> };
