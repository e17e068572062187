// Puts each app that stays up into one file, dist/apps/<app>/main.mjs, with all that it loads, the commands into dist/apps/<app>/bundle, and the
// programs of parties' processes into dist/libs/compute/parties: a start spends half its time and more on finding and opening files. esbuild came
// with Vite and is the usual tool for it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const DIST = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const APPS = ['api', 'status-listener', 'compute-worker'];
/** The entries of each command: its own, and those of the processes that it starts. */
const COMMANDS = { cli: ['main'], 'party-node': ['main', 'run-offer-process'] };
/** They start threads from files beside them or load binaries. */
const EXTERNAL = ['pino', 'sodium-native', '@bull-board/ui', '@duckdb/node-api', 'libsql'];
const BANNER = `import { createRequire as createRequireHere } from 'node:module';
import { fileURLToPath as pathOfUrl } from 'node:url';
const require = createRequireHere(import.meta.url), urlOfBundle = import.meta.url;`;

/** These ask for a package when they run, by a `require` of their own: Node would load it a second time, beside the bundled one. */
const ASK_FOR_BUNDLED = /@nestjs\/(typeorm|mapped-types)\//;
const OWN_REQUIRE = 'const require = createRequire(import.meta.url);';

/** The text of a module, of one of theirs without its `require`. */
export function withoutOwnRequire(path, text) {
  if (!ASK_FOR_BUNDLED.test(path) || !text.includes('createRequire')) return text;
  if (text.includes(OWN_REQUIRE)) return text.replace(OWN_REQUIRE, '');
  throw new Error(
    `${path} makes its require in a new way: it would load packages twice. Mend OWN_REQUIRE in tools/bundle-apps.mjs.`,
  );
}

/** What a module asks about its own place stays true: paths to threads, programs, SQL and package.json start there. */
const ownPlaces = (folder) => ({
  name: 'own-places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.[cm]?js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const text = withoutOwnRequire(path, source);
      if (!/import\.meta\.(url|dirname)|__dirname|__filename/.test(text))
        return text === source ? undefined : { contents: text, loader: 'js' };
      const place = (file) => `new URL(${JSON.stringify(relative(folder, file))}, urlOfBundle)`;
      if (!/\bimport\.meta\b/.test(text)) {
        const names = `var __filename = pathOfUrl(${place(path)}), __dirname = pathOfUrl(${place(dirname(path))});`;
        return { contents: `${names}${text}`, loader: 'js' };
      }
      const contents = text
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
  const { outputFiles } = await build({
    // From the folder of any app the place of a file is the same.
    ...settings(join(folder, APPS[0])),
    entryPoints: APPS.map((app) => ({ in: join(folder, app, 'src/main.js'), out: `${app}/main` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    // Nest and TypeORM name things by their classes.
    keepNames: true,
    write: false,
  });
  replace(outputFiles);
}

/** Writes each file at once: processes may start meanwhile, and another bundling may run. */
function replace(files) {
  for (const { path, text } of files) {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    const made = `${path}.${process.pid}.new`;
    writeFileSync(made, text);
    renameSync(made, path);
  }
}

/**
 * Makes dist/libs/compute/parties/<name>.mjs of each module that a party's process imports by URL: its entry, the programs, and what reads
 * tables. They share what several of them load, so that a process holds it once.
 */
async function bundleParties(dist) {
  const source = join(dist, 'libs/compute/src');
  const programs = readdirSync(source, { recursive: true })
    .filter((path) => path.endsWith('.js') && !/\.spec\.|-for-tests\./.test(path))
    .map((path) => join(source, path))
    .filter((path) => /^export (const|(async )?function) run\b/m.test(readFileSync(path, 'utf8')));
  const entryPoints = [join(source, 'party/party-process.js'), join(source, 'table/read-table.js'), ...programs];
  await bundleInto(join(dist, 'libs/compute/parties'), {
    entryPoints,
    // Places in errors are those of the sources.
    sourcemap: true,
    sourcesContent: false,
  });
}

/** Makes dist/apps/<app>/bundle/<name>.mjs of each. What only some calls need stays in separate files. */
async function bundleCommands(dist) {
  for (const [app, names] of Object.entries(COMMANDS)) {
    const folder = join(dist, 'apps', app);
    await bundleInto(join(folder, 'bundle'), {
      entryPoints: names.map((name) => join(folder, 'src', `${name}.js`)),
      keepNames: true,
    });
  }
}

/** Fills a folder with the bundles of `entryPoints`, which share files, and with nothing else. */
async function bundleInto(folder, options) {
  const made = { entryNames: '[name]', outExtension: { '.js': '.mjs' }, splitting: true, outdir: folder, write: false };
  const { outputFiles } = await build({ ...settings(folder), ...made, ...options });
  mkdirSync(folder, { recursive: true });
  replace(outputFiles);
  const names = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const name of readdirSync(folder))
    // Another bundling puts its own in their places.
    if (!names.has(name) && !name.endsWith('.new')) rmSync(join(folder, name), { force: true });
}

/** Holds what the bundles were made of, once they are whole. */
const STAMP = '.bundle-stamp';

/** A hash of the place, size and time of all that the bundles are made of. */
export function inputsOf(dist) {
  // The console is no part of them, and is built at the same time.
  const apps = readdirSync(join(dist, 'apps')).filter((name) => name !== 'console');
  const built = [...apps.map((name) => `apps/${name}`), 'libs', 'migrations', 'clients']
    .flatMap((folder) => readdirSync(join(dist, folder), { recursive: true }).map((path) => join(dist, folder, path)))
    .filter((path) => path.endsWith('.js'));
  const rest = [fileURLToPath(import.meta.url), join(dirname(dist), 'node_modules/.package-lock.json')];
  const hash = createHash('sha256');
  for (const path of [...built.sort(), ...rest.filter(existsSync)]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${relative(dist, path)}\0${size}\0${mtimeMs}\0`);
  }
  return hash.digest('hex');
}

/** Whether the bundles are there, and made of what is there now. */
export function areCurrent(dist = DIST, inputs = inputsOf(dist)) {
  const commands = Object.entries(COMMANDS).flatMap(([app, names]) => names.map((name) => `${app}/bundle/${name}`));
  const apps = [...APPS.map((app) => `${app}/main`), ...commands].map((path) => `apps/${path}.mjs`);
  const made = [...apps, 'libs/compute/parties/party-process.mjs', STAMP];
  return made.every((path) => existsSync(join(dist, path))) && readFileSync(join(dist, STAMP), 'utf8') === inputs;
}

/** Makes all bundles of a built project, unless they are current. */
export async function bundleAll(dist = DIST) {
  // What is built meanwhile may not be in them: they are of what was there before.
  const inputs = inputsOf(dist);
  if (areCurrent(dist, inputs)) return;
  rmSync(join(dist, STAMP), { force: true });
  await Promise.all([bundleApps(dist), bundleParties(dist), bundleCommands(dist)]);
  writeFileSync(join(dist, STAMP), inputs);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleAll();
