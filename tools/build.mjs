// Makes sure that dist/ is what the sources say, and nothing else.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bin, quietly, ROOT } from './steps.mjs';

const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.build-stamp');
const SOURCES = [
  'apps/api',
  'apps/cli',
  'apps/status-listener',
  'apps/compute-worker',
  'clients/typescript/src',
  'libs',
  'migrations',
  'test',
  'bench',
  'launcher',
];
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'nest-cli.json'];

/** Every file below `folder` (relative to the project) that `wanted` takes, as paths relative to the project. */
export function filesBelow(folder, wanted) {
  const full = join(ROOT, folder);
  if (!existsSync(full)) return [];
  return readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => !path.includes('node_modules'))
    .sort();
}

/** Builds when a source differs from what dist/ was built from. Says what it did. */
export async function ensureBuilt() {
  const sources = SOURCES.flatMap((folder) => filesBelow(folder, (name) => /\.(ts|tsx|json)$/.test(name)));
  const hash = createHash('sha256');
  for (const path of [...SETTINGS, ...sources])
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(ROOT, path)))
      .update('\0');
  const stamp = hash.digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return 'up to date';
  rmSync(STAMP, { force: true });
  const removed = removeStale();
  await quietly(process.execPath, [bin('nest'), 'build', '-p', 'tsconfig.json']);
  mkdirSync(DIST, { recursive: true });
  writeFileSync(STAMP, stamp);
  return `nest build${removed > 0 ? `, ${removed} stale files removed` : ''}`;
}

/** Removes what was built from sources that are gone: a test that no longer exists must not run. */
function removeStale() {
  const outputs = filesBelow('dist', (name) => /\.(js|js\.map|d\.ts)$/.test(name));
  const stale = outputs.filter((path) => {
    const source = join(ROOT, relative('dist', path).replace(/\.(js|js\.map|d\.ts)$/, ''));
    return !existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`);
  });
  for (const path of stale) rmSync(join(ROOT, path));
  return stale.length;
}
