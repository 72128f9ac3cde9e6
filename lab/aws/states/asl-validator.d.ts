// The package ships no types. It writes into the definition that it is given (a QueryLanguage per state): give it a copy.
declare module 'asl-validator' {
  interface Verdict {
    readonly isValid: boolean;
    readonly errors: readonly { readonly 'Error code': string; readonly Message: string }[];
    errorsText(separator?: string): string;
  }
  export default function validate(
    definition: Record<string, unknown>,
    options?: { readonly checkPaths: boolean; readonly checkArn: boolean },
  ): Verdict;
}
