import { existsSync, readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = new URL('../', import.meta.url);
/** Where the build puts a bundle of each module that a party's process imports by URL (tools/bundle-apps.mjs). */
const BUNDLES = new URL('../../parties/', import.meta.url);
const ENTRY = new URL('./party-process.js', import.meta.url);

let isUnbundled = false;

/** From here on parties' processes start from what was built last, whatever bundles are there. */
export function startUnbundled(): void {
  isUnbundled = true;
}

/** The bundle of a module; undefined where there is none, as for programs of tests. */
function bundleOf(module: URL): URL | undefined {
  if (isUnbundled || !module.href.startsWith(SOURCES.href)) return undefined;
  const bundle = new URL(`${basename(module.pathname, '.js')}.mjs`, BUNDLES);
  return existsSync(bundle) ? bundle : undefined;
}

/** What a process that runs this program starts with, and loads the program from: both bundled, or none, so that it holds each module once. */
export function placesOfProgram(program: URL): { readonly entry: URL; readonly program: URL } {
  const [entry, bundle] = [bundleOf(ENTRY), bundleOf(program)];
  return entry && bundle ? { entry, program: bundle } : { entry: ENTRY, program };
}

/** Where a party's process imports another module from by URL. */
export function placeHere(module: URL): URL {
  const isBundled = process.argv[1]?.startsWith(fileURLToPath(BUNDLES)) ?? false;
  return (isBundled ? bundleOf(module) : undefined) ?? module;
}

/** A line of a stack with the place in the sources, if it names one in a bundle. */
export function placeInSources(line: string): string {
  return line.replace(/(file:\S+\.mjs):(\d+):(\d+)/, (place: string, bundle: string, row: string, column: string) => {
    const map = new URL(`${bundle}.map`);
    if (!bundle.startsWith(BUNDLES.href) || !existsSync(map)) return place;
    const payload = JSON.parse(readFileSync(map, 'utf8')) as SourceMapPayload;
    const entry = new SourceMap(payload).findEntry(Number(row) - 1, Number(column) - 1);
    if (!('originalSource' in entry)) return place;
    return `${new URL(entry.originalSource, bundle).href}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}
