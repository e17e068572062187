// The site of the documentation: docs/.vitepress says what it is made of. Its packages are installed only when it is built.
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { quietly, ROOT, run } from './steps.mjs';

const DOCS = join(ROOT, 'docs');
const VITEPRESS = join(DOCS, 'node_modules', '.bin', 'vitepress');
/** The folder of the built site: plain files for any web server. */
export const SITE = join(DOCS, '.vitepress', 'dist');

/** Builds the site; a dead link fails it. Resolves to its folder. */
export async function buildSite() {
  await ensureInstalled(DOCS);
  await quietly(process.execPath, [VITEPRESS, 'build', DOCS]);
  return SITE;
}

/** Serves the built site until it is stopped. */
export async function serveSite() {
  await run(process.execPath, [VITEPRESS, 'preview', DOCS]);
}
