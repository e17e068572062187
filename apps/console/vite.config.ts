import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { licences, licencesOfWorkers } from './licences.js';

const ROOT = join(import.meta.dirname, '..', '..');

/** Writes each file of the build as .br and .gz beside it: the API sends what the browser takes, and compresses nothing. */
const compressed: Plugin = {
  name: 'compressed',
  writeBundle({ dir }, bundle) {
    for (const fileName of Object.keys(bundle)) {
      if (!/\.(js|css|svg|txt)$/.test(fileName)) continue;
      const path = join(dir!, fileName);
      const bytes = readFileSync(path);
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
      writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
      writeFileSync(`${path}.gz`, gzipSync(bytes));
    }
  },
};

/** Ant Design gives the nonce to its styles, but not to the few by which it measures and locks scroll bars. */
const nonceForAll: Plugin = {
  name: 'nonce-for-all',
  transform(code, id) {
    if (!/@rc-component\/util\/es\/Dom\/dynamicCSS\.js$/.test(id)) return undefined;
    const made = code.replace(
      /if \(csp\?\.nonce\) \{\s+styleNode\.nonce = csp\?\.nonce;\s+\}/,
      `styleNode.nonce = csp?.nonce ?? document.querySelector('meta[property="csp-nonce"]')?.nonce ?? '';`,
    );
    if (made === code) throw new Error(`${id} makes styles in another way than before`);
    return { code: made, map: null };
  },
};

/** The parts of the first load, which are evaluated one after the other, are fetched at once. */
const fetchedAtOnce: Plugin = {
  name: 'fetched-at-once',
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle = {} }) => {
      const needed = new Set<string>();
      const need = (fileName: string) => {
        const part = bundle[fileName];
        if (part?.type !== 'chunk' || needed.has(fileName)) return;
        needed.add(fileName);
        part.imports.forEach(need);
      };
      for (const part of Object.values(bundle)) {
        if (part.type === 'chunk' && part.isEntry) part.dynamicImports.forEach(need);
      }
      const isNamed = new Set(
        Object.values(bundle).flatMap((part) => ('isEntry' in part && part.isEntry ? part.imports : [])),
      );
      return [...needed]
        .filter((fileName) => !isNamed.has(fileName))
        .map((fileName) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', href: `/${fileName}` },
          injectTo: 'head' as const,
        }));
    },
  },
};

export default defineConfig({
  root: import.meta.dirname,
  plugins: [nonceForAll, licences(ROOT), fetchedAtOnce, compressed],
  worker: {
    format: 'es',
    plugins: () => [licencesOfWorkers],
    // Loaded for Snappy, its WebAssembly would be refused by the page's policy: what is not used of it goes.
    rollupOptions: { treeshake: { moduleSideEffects: (id) => !/\/(hyparquet-compressors|hysnappy)\//.test(id) } },
  },
  esbuild: { jsx: 'automatic' },
  // The API puts a nonce of its own in each answer.
  html: { cspNonce: 'NONCE_OF_THE_ANSWER' },
  resolve: { alias: { '#client': join(ROOT, 'clients/typescript/src/index.ts') } },
  // `npx vite apps/console` while `npm run dev` runs.
  server: { proxy: { '/api': 'http://127.0.0.1:3000' } },
  build: {
    outDir: join(ROOT, 'dist/apps/console'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_500,
    reportCompressedSize: false,
  },
});
