// Compiles the command into dist/ (or where the argument says), for `npm pack`: JavaScript for Node.js 20.19 and later with all that it needs of other packages in it,
// so that an installation runs no script and brings nothing else. The lab stays in the clone: it packages the service as a deployment does.
import { copyFileSync, cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { build as bundle } from 'esbuild';
import type { Plugin } from 'esbuild';
import { z } from 'zod';

const [OUT = 'dist'] = process.argv.slice(2);
const manifest = z.object({ name: z.string(), version: z.string(), license: z.string().optional() });

/** `skep lab` of an installation says where the lab is. */
const withoutLab: Plugin = {
  name: 'without-lab',
  setup(build) {
    build.onResolve({ filter: /\/commands\/lab\.ts$/ }, () => ({ path: path.resolve('cli/commands/no-lab.ts') }));
  },
};

/** What esbuild cannot see through, said so that it can: it leaves out what nobody uses of zod and of EC2, which is most of what a start would have to read. */
const withoutUnused: Plugin = {
  name: 'without-unused',
  setup(build) {
    // A namespace is taken apart; `z` is one value, which has all of zod in it, with its messages in fifty languages.
    build.onLoad({ filter: /\/(cli|lab|src)\/[^.]+\.ts$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace("import { z } from 'zod';", "import * as z from 'zod';"),
      loader: 'ts',
    }));
    // A key that is computed may have effects, as far as esbuild knows: it would keep the shapes of all operations of a client.
    build.onLoad({ filter: /\/schemas\/schemas_0\.js$/ }, ({ path: file }) => {
      const text = readFileSync(file, 'utf8');
      const constants = new Map(
        [...text.matchAll(/^const (\w+) = ("[^"\\]*");$/gm)].map(([, name = '', value = '']) => [name, value]),
      );
      const contents = text.replaceAll(
        /\[(\w+)\]:/g,
        (key, name: string) => `${constants.get(name) ?? key.slice(0, -1)}:`,
      );
      return { contents, loader: 'js' };
    });
  },
};

rmSync(OUT, { recursive: true, force: true });
const { metafile } = await bundle({
  // The second one is for whoever runs many commands in one process, as a test of the package does.
  entryPoints: ['cli/main.ts', 'cli/run.ts'],
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // The ES modules of the SDK and of zod, so that what is not used is left out: a start takes half of the processor's time.
  mainFields: ['module', 'main'],
  minify: true,
  // Names of errors are part of the interface, and some are names of classes.
  keepNames: true,
  metafile: true,
  // Packages that are CommonJS require modules of Node.
  banner: { js: "import{createRequire as skepRequire}from'node:module';const require=skepRequire(import.meta.url);" },
  plugins: [withoutLab, withoutUnused],
  logLevel: 'warning',
});
// The page's own files are what a browser gets, and so is the one library that it has.
const LIBRARY = 'node_modules/htm/preact/standalone.module.js';
cpSync('cli/page/assets', path.join(OUT, 'page'), { recursive: true });
copyFileSync(LIBRARY, path.join(OUT, 'page/htm.js'));
writeFileSync(path.join(OUT, 'THIRD-PARTY.txt'), notices([...Object.keys(metafile.inputs), LIBRARY]));

/** Their licences ask that their words go with every copy. */
function notices(inputs: readonly string[]): string {
  const folders = new Set(
    inputs.flatMap((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  return [...folders].toSorted().map(notice).join('\n\n');
}

function notice(folder: string): string {
  const { name, version, license } = manifest.parse(
    JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')),
  );
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice)/i.test(file))
    .map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
  return [`${name} ${version} (${license ?? 'see below'})`, ...texts].join('\n\n');
}
