// Native ES modules: the closest to what runs. `unit` needs nothing but Node, and runs in it as it is (test/support/plain-node.ts); `docker` needs
// root, Linux and docker.io, `browser` a chromium: their files are few, and tried again by Jest's own runtime where a host was too busy.
import type { Config } from 'jest';

const common = {
  modulePathIgnorePatterns: ['<rootDir>/.build/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
} satisfies Config;

const config: Config = {
  projects: [
    {
      displayName: 'unit',
      runner: 'jest-light-runner/child-process',
      setupFilesAfterEnv: ['<rootDir>/test/support/plain-node.ts'],
      modulePathIgnorePatterns: common.modulePathIgnorePatterns,
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/docker/', '<rootDir>/test/browser/'],
    },
    {
      ...common,
      displayName: 'browser',
      testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
    },
    {
      ...common,
      displayName: 'docker',
      testMatch: ['<rootDir>/test/docker/**/*.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/docker/support/retry.ts'],
      // For `npm run test:docker:all`: every scenario once for each statement of each policy, each document killed after each of its calls, twenty engines that
      // start at once, and six with requests all the while: beside other tests they are too many for two processors.
      testPathIgnorePatterns:
        process.env['SKEP_SCENARIOS'] === 'all'
          ? []
          : ['permissions.test.ts', 'docker/burst.test.ts', 'docker/rebalance.test.ts', 'document-restarts.test.ts'],
    },
  ],
  testSequencer: '<rootDir>/test/support/longest-first.ts',
  // Generous, since a host may be busy: what hangs is ended, what is slow is measured elsewhere.
  testTimeout: 300_000,
};

export default config;
