// Puts each app that stays up into one file, dist/apps/<app>/main.mjs, with all that it loads, and the programs of parties' processes into
// dist/libs/compute/parties: a start spends up to half its time on finding and opening files. esbuild came with Vite and is the usual tool for it.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const DIST = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const APPS = ['api', 'status-listener', 'compute-worker'];
/** They start threads from files beside them or load binaries. */
const EXTERNAL = ['pino', 'sodium-native', '@bull-board/ui', '@duckdb/node-api'];
const BANNER = `import { createRequire as createRequireHere } from 'node:module';
import { fileURLToPath as pathOfUrl } from 'node:url';
const require = createRequireHere(import.meta.url), urlOfBundle = import.meta.url;`;

/** These ask for a package when they run, by a `require` of their own: Node would load it a second time, beside the bundled one. */
const ASK_FOR_BUNDLED = /@nestjs\/(typeorm|mapped-types)\//;
const OWN_REQUIRE = 'const require = createRequire(import.meta.url);';

/** What a module asks about its own place stays true: paths to threads, programs, SQL and package.json start there. */
const ownPlaces = (folder) => ({
  name: 'own-places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.[cm]?js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!/import\.meta\.(url|dirname)|__dirname|__filename/.test(text)) return undefined;
      const place = (file) => `new URL(${JSON.stringify(relative(folder, file))}, urlOfBundle)`;
      if (!/\bimport\.meta\b/.test(text)) {
        const names = `var __filename = pathOfUrl(${place(path)}), __dirname = pathOfUrl(${place(dirname(path))});`;
        return { contents: `${names}${text}`, loader: 'js' };
      }
      const contents = (ASK_FOR_BUNDLED.test(path) ? text.replace(OWN_REQUIRE, '') : text)
        .replaceAll('import.meta.dirname', `pathOfUrl(${place(dirname(path))})`)
        .replaceAll('import.meta.url', `(${place(path)}.href)`);
      return { contents, loader: 'js' };
    }),
});

/** Packages ask for others that may not be there, and go without. */
const missingPackages = {
  name: 'missing-packages',
  setup: ({ onResolve, resolve }) =>
    onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === 'asked' || kind === 'entry-point' || path.startsWith('node:')) return undefined;
      const found = await resolve(path, { importer, kind, resolveDir, pluginData: 'asked' });
      return found.errors.length > 0 ? { path, external: true } : found;
    }),
};

const settings = (folder) => ({
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  external: EXTERNAL,
  banner: { js: BANNER },
  // Its paths lead to the sources.
  tsconfigRaw: '{}',
  plugins: [ownPlaces(folder), missingPackages],
  logLevel: 'error',
});

/** Makes dist/apps/<app>/main.mjs of each dist/apps/<app>/src/main.js, in one build: most of what they load is the same. */
async function bundleApps(dist) {
  const folder = join(dist, 'apps');
  await build({
    // From the folder of any app the place of a file is the same.
    ...settings(join(folder, APPS[0])),
    entryPoints: APPS.map((app) => ({ in: join(folder, app, 'src/main.js'), out: `${app}/main` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    // Nest and TypeORM name things by their classes.
    keepNames: true,
  });
}

/**
 * Makes dist/libs/compute/parties/<name>.mjs of each module that a party's process loads by its place: its entry, the programs, and what reads
 * tables. They share what several of them load, so that a process holds it once. A file is replaced at once: processes may start meanwhile.
 */
async function bundleParties(dist) {
  const source = join(dist, 'libs/compute/src');
  const folder = join(dist, 'libs/compute/parties');
  const programs = readdirSync(source, { recursive: true })
    .filter((path) => path.endsWith('.js') && !/\.spec\.|-for-tests\./.test(path))
    .map((path) => join(source, path))
    .filter((path) => /^export (const|(async )?function) run\b/m.test(readFileSync(path, 'utf8')));
  const { outputFiles } = await build({
    ...settings(folder),
    entryPoints: [join(source, 'party/party-process.js'), join(source, 'table/read-table.js'), ...programs],
    outdir: folder,
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
    splitting: true,
    // Places in errors are those of the sources.
    sourcemap: true,
    sourcesContent: false,
    write: false,
  });
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of outputFiles) {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
  const made = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const name of readdirSync(folder)) if (!made.has(name)) rmSync(join(folder, name));
}

/** Holds when the bundles were begun, once they are whole. */
const STAMP = '.bundle-stamp';

/** Whether nothing that they are made of is newer than the bundles. */
export function areCurrent(dist = DIST) {
  const made = [...APPS.map((app) => `apps/${app}/main.mjs`), 'libs/compute/parties/party-process.mjs', STAMP];
  if (!made.every((path) => existsSync(join(dist, path)))) return false;
  const begun = Number(readFileSync(join(dist, STAMP), 'utf8'));
  const built = ['apps', 'libs', 'migrations', 'clients']
    .flatMap((folder) => readdirSync(join(dist, folder), { recursive: true }).map((path) => join(dist, folder, path)))
    // The console is no part of them, and is built after them.
    .filter((path) => path.endsWith('.js') && !path.startsWith(join(dist, 'apps/console')));
  const rest = [fileURLToPath(import.meta.url), join(dirname(dist), 'node_modules/.package-lock.json')];
  return [...built, ...rest.filter(existsSync)].every((path) => statSync(path).mtimeMs < begun);
}

/** Makes all bundles of a built project, unless they are current. */
export async function bundleAll(dist = DIST) {
  if (areCurrent(dist)) return;
  const begun = Date.now();
  rmSync(join(dist, STAMP), { force: true });
  await Promise.all([bundleApps(dist), bundleParties(dist)]);
  writeFileSync(join(dist, STAMP), String(begun));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleAll();
