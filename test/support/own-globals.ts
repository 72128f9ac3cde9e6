// What '@jest/globals' is for the unit tests: their runner has made the same globals, and Jest's module is for Jest's own runtime only.
import type * as Globals from '@jest/globals';

export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } =
  globalThis as unknown as typeof Globals;
