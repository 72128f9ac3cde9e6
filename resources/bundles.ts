// What esbuild leaves out of the bundles of the functions: `plugins` of serverless.yml. Whatever is in a bundle is read and compiled at
// each cold start, and by each lab.
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';

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
      async (file) => ({
        contents: withKeysAsWords(await readFile(file.path, 'utf8')),
      }),
    );
  },
};

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
    build.onResolve({ filter: /./ }, ({ kind, path, importer }) =>
      kind === 'dynamic-import' && importer.includes('node_modules') && !isBuiltin(path)
        ? { path, namespace: 'never-needed' }
        : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'never-needed' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not in the bundles of the functions (resources/bundles.ts)`)});`,
    }));
  },
};

/** Each schema of zod could be told as a JSON Schema, and carries what that takes. Functions only parse: where one asks for it, it says so. */
const parseOnly: Plugin = {
  name: 'parse-only',
  setup(build) {
    build.onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](?:json-schema-processors|to-json-schema)\.js$/ },
      async ({ path }) => {
        const names = (await readFile(path, 'utf8')).matchAll(
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

export default [shapes, neverNeeded, parseOnly];
