import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';

/** Younger than Node.js 20, which the command and the functions run on. */
const younger = [
  ['Map', 'groupBy'],
  ['Object', 'groupBy'],
  ['Promise', 'withResolvers'],
  ['Promise', 'try'],
  ['Array', 'fromAsync'],
  ['Iterator', 'from'],
  ['RegExp', 'escape'],
].map(([object, property]) => ({ object, property, message: 'Younger than Node.js 20.' }));

/** The evaluator that the lab's own is held against is under the AGPL: tests may use it, nothing that is shipped may. */
const testsOnly = { group: ['@cloud-copilot/*'], message: 'For tests only: its licence.' };

export default defineConfig(
  { ignores: ['node_modules/', '.serverless/', '.esbuild/', '.build/', 'coverage/', 'dist/'] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'resources/*.js', 'cli/page/assets/*.js'] },
      },
    },
    rules: {
      complexity: ['error', 10],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-param-reassign': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['{src,functions,lab,cli,scripts,resources}/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [testsOnly] }] },
  },
  {
    files: ['{src,functions,cli}/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', ...younger] },
  },
  {
    files: ['{src,functions}/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportDeclaration[source.value='zod'] > ImportSpecifier[imported.name='z']",
          message:
            "import * as z from 'zod': of an object esbuild leaves nothing out, and the functions had all languages of zod in them.",
        },
      ],
    },
  },
  {
    // The same seed gives the same run: time is the lab's clock, and chance its random numbers.
    files: ['{src,lab}/**/*.ts'],
    ignores: [
      'lab/time/**',
      // The wall's time is meant: how long a run took, how old a package is, and what is no simulation.
      'lab/lab.ts',
      'lab/scenario/run.ts',
      'lab/aws/stack/package-service.ts',
      'lab/nodes/docker/**',
      'lab/agent/**',
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time is an argument, or the clock of the lab.' },
        { object: 'Math', property: 'random', message: 'Randomness is an argument, or that of the lab.' },
        { object: 'crypto', property: 'randomUUID', message: 'Randomness is an argument, or that of the lab.' },
      ],
    },
  },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch'],
      'no-restricted-properties': [
        'error',
        ...younger,
        { object: 'Date', property: 'now', message: 'Time is an argument.' },
        { object: 'Math', property: 'random', message: 'Randomness is an argument.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            testsOnly,
            { group: ['@aws-sdk/*', '@aws-lambda-powertools/*', '@middy/*'], message: 'src/core has no effects.' },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['error', 500],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^(only|skip|todo)$/][object.name=/^(it|test|describe)$/]',
          message: 'No focused or skipped tests.',
        },
      ],
    },
  },
  { files: ['**/*.js', '**/*.cjs'], extends: [ts.configs.disableTypeChecked] },
  {
    files: ['cli/page/assets/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'EventSource',
          'addEventListener',
          'clearTimeout',
          'decodeURIComponent',
          'document',
          'fetch',
          'location',
          'performance',
          'removeEventListener',
          'setTimeout',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
