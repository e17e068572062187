import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { quietly, ROOT, run } from './steps.js';

const DOCS = join(ROOT, 'docs');
const VITEPRESS = join(DOCS, 'node_modules', '.bin', 'vitepress');
/** The folder of the built site: plain files for any web server. */
export const SITE = join(DOCS, '.vitepress', 'dist');

/** Builds the site as docs/.vitepress says, and installs its packages first. A dead link fails it. Resolves to its folder. */
export async function buildSite(): Promise<string> {
  const bootstrap = pathToFileURL(join(ROOT, 'tools', 'bootstrap.mjs')).href;
  const { ensureInstalled } = (await import(bootstrap)) as { ensureInstalled: (folder: string) => Promise<void> };
  await ensureInstalled(DOCS);
  await quietly(process.execPath, [VITEPRESS, 'build', DOCS]);
  return SITE;
}

/** Serves the built site until it is stopped. */
export async function serveSite(): Promise<void> {
  await run(process.execPath, [VITEPRESS, 'preview', DOCS]);
}
