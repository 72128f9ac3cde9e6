// What esbuild leaves out of the bundles of the functions: `plugins` of serverless.yml. Whatever is in a bundle is read and compiled at
// each cold start, and by each lab.
import { readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';

import type { Plugin } from 'esbuild';

/**
 * The SDK has the shapes of all operations of a service in one file, and names some keys by constants: `{ [_xN]: 'item' }`. Whether such
 * a key has an effect esbuild does not know, so it keeps the shape, and with it the shapes of all 700 operations of EC2, for one that is
 * used. With the words in their places it leaves out what nobody uses.
 */
const shapes: Plugin = {
  name: 'shapes',
  setup(build) {
    build.onLoad(
      { filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/][^\\/]+\.js$/ },
      async (file) => {
        const text = withKeysAsWords(await readFile(file.path, 'utf8'));
        return { contents: SPEAKS_JSON.test(file.path) ? withoutErrorClasses(text) : text };
      },
    );
  },
};

/** Services whose errors come by the very name that their class would have. */
const SPEAKS_JSON = /[\\/]client-(?:ssm|sfn|dynamodb)[\\/]/;

/**
 * Each error of a service is a class that is registered where the shapes are, so that nothing leaves it out: 140 of them for SSM, a tenth of the bundle.
 * The functions tell errors by their names. One that is not registered becomes the service's own error, with that name, message and status.
 * Two of DynamoDB say more than that. Where the name of the class is another than the error's own (Auto Scaling, EC2, SNS), all stay.
 */
const withoutErrorClasses = (text: string): string =>
  text.replace(
    /^n0_registry\.registerError\((?!TransactionCanceledException|ConditionalCheckFailedException).*\);$/gm,
    '',
  );

/** What the functions are made of, from where this file lies. */
const SOURCES = ['functions', 'src'].map((folder) => path.join(import.meta.dirname, '..', folder));

/**
 * The index of a client leads to all operations of a service, more than 800 for EC2, and to a class that has each of them. esbuild leaves out
 * what nobody uses, but reads it before that, for each function anew: that was most of the time in which the service is packaged. So it
 * is led only to operations that the functions have by name. Where one is missing after all, it says so, and makes no bundle.
 *
 * DynamoDB's is left as it is: its operations are used by the SDK's own client of documents.
 */
const operations: Plugin = {
  name: 'operations',
  setup(build) {
    const used = namesOf(SOURCES);
    build.onLoad(
      {
        filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/](?:(?:commands|pagination|waiters)[\\/])?index\.js$/,
      },
      async (file) =>
        file.path.includes('client-dynamodb')
          ? undefined
          : { contents: onlyUsed(await readFile(file.path, 'utf8'), used) },
    );
  },
};

/** Names that the sources have of operations, paginators and waiters, as the files of the SDK are called that have them. */
function namesOf(folders: readonly string[]): ReadonlySet<string> {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
  );
  const texts = files.filter((file) => file.endsWith('.ts')).map((file) => readFileSync(file, 'utf8'));
  return new Set(
    texts.flatMap((text) =>
      (text.match(/\b(?:[A-Z]\w*Command|paginate[A-Z]\w*|waitUntil[A-Z]\w*)\b/g) ?? []).map((name) =>
        name.replace(/^paginate(\w+)$/, '$1Paginator').replace(/^waitUntil/, 'waitFor'),
      ),
    ),
  );
}

function onlyUsed(text: string, used: ReadonlySet<string>): string {
  const isClassOfAll = (name: string): boolean => text.includes(`"./${name}Client"`);
  return text.replace(/^export \* from "\.\/(\w+)";$/gm, (line, name: string) =>
    isClassOfAll(name) || (/Command$|Paginator$|^waitFor/.test(name) && !used.has(name)) ? '' : line,
  );
}

/** Constants that are plain words, as keys. All others stay as they are. */
function withKeysAsWords(text: string): string {
  const constants = text.matchAll(/^const (?<name>_\w+) = (?<word>"[^"\\]*");$/gm);
  const words = new Map([...constants].map(({ groups }) => [groups?.['name'], groups?.['word']]));
  return text.replace(/\[(_\w+)\]:/g, (key, name: string) => {
    const word = words.get(name);
    return word === undefined ? key : `${word}:`;
  });
}

/**
 * What packages import only once they need it, functions never do: the SDK's sources of credentials that come after the environment,
 * where Lambda puts them, and its streams of events. Half of the SDK hangs on these, and as it is to come later, esbuild can leave
 * nothing of it out. Where one of them is needed after all, the import fails with its name.
 */
const neverNeeded: Plugin = {
  name: 'never-needed',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path: wanted, importer }) =>
      kind === 'dynamic-import' && importer.includes('node_modules') && !isBuiltin(wanted)
        ? { path: wanted, namespace: 'never-needed' }
        : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'never-needed' }, ({ path: wanted }) => ({
      contents: `throw new Error(${JSON.stringify(`${wanted} is not in the bundles of the functions (resources/bundles.ts)`)});`,
    }));
  },
};

/** Each schema of zod could be told as a JSON Schema, and carries what that takes. Functions only parse: where one asks for it, it says so. */
const parseOnly: Plugin = {
  name: 'parse-only',
  setup(build) {
    build.onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](?:json-schema-processors|to-json-schema)\.js$/ },
      async (file) => {
        const names = (await readFile(file.path, 'utf8')).matchAll(
          /^export (?:async )?(?:const|function|class) (?<name>\w+)/gm,
        );
        const never =
          "const never = () => () => { throw new Error('JSON Schema is not in the bundles of the functions'); };\n";
        return {
          contents:
            never + [...names].map(({ groups }) => `export const ${groups?.['name'] ?? ''} = never;\n`).join(''),
        };
      },
    );
  },
};

export default [operations, shapes, neverNeeded, parseOnly];
