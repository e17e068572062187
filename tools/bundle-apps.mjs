// Puts each app that stays up into one file, dist/apps/<app>/main.mjs, with all that it loads: a start spends up to half its time on
// finding and opening 2,000 to 3,600 files. esbuild came with Vite and is the usual tool for it.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const DIST = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
const APPS = ['api', 'status-listener', 'compute-worker'];
/** They start threads from files beside them or load binaries. */
const EXTERNAL = ['pino', 'sodium-native', '@bull-board/ui'];
const BANNER = `import { createRequire as createRequireHere } from 'node:module';
import { fileURLToPath as pathOfUrl } from 'node:url';
const require = createRequireHere(import.meta.url), urlOfBundle = import.meta.url;`;

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

/** Makes dist/apps/<app>/main.mjs of dist/apps/<app>/src/main.js. */
export async function bundleApps(dist = DIST) {
  await Promise.all(
    APPS.map((app) =>
      build({
        entryPoints: [join(dist, 'apps', app, 'src/main.js')],
        outfile: join(dist, 'apps', app, 'main.mjs'),
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: 'esm',
        // Nest and TypeORM name things by their classes.
        keepNames: true,
        external: EXTERNAL,
        banner: { js: BANNER },
        // Its paths lead to the sources.
        tsconfigRaw: '{}',
        plugins: [ownPlaces(join(dist, 'apps', app)), missingPackages],
        logLevel: 'error',
      }),
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleApps();
