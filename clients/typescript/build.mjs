// Builds dist/ of the package: ES modules, and CommonJS for who still needs it.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const out = process.argv[2] ?? join(here, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
rmSync(out, { recursive: true, force: true });
for (const [config, folder] of [
  ['tsconfig.json', 'esm'],
  ['tsconfig.cjs.json', 'cjs'],
]) {
  execFileSync(process.execPath, [tsc, '-p', join(here, config), '--outDir', join(out, folder)], { stdio: 'inherit' });
}
writeFileSync(join(out, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
