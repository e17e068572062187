import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { licences } from './licences.js';

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

export default defineConfig({
  root: import.meta.dirname,
  plugins: [nonceForAll, licences(ROOT), compressed],
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
