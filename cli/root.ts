// The folder of the package: of the clone, or of an installation. This file lies one level below it in both.
export const ROOT = new URL('..', import.meta.url);
