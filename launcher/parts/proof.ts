import { needlesOf } from './canaries.js';
import { Search, type Searched } from './search.js';
import type { Sites } from './sites.js';
import type { System } from './system.js';

/** Where the control plane keeps what it has. */
export interface ControlPlaneFolders {
  readonly dataDir: string;
  readonly dataRoot: string;
  readonly artifactRoot: string;
  /** Below the first one, but not the control plane's. */
  readonly sites: string;
}

/** What a search for canaries of the sites' tables came to. */
export interface Proof {
  readonly lines: readonly string[];
  /** Whether nothing was found, and the search can find. */
  readonly holds: boolean;
}

/**
 * Looks for what the sites' tables hold in all that the control plane has: database, files, and memory of its processes. That the search can
 * find is shown by what has to be there: the chain's id at the control plane, and the canaries at the sites.
 */
export async function proveNothingLeft(
  system: System,
  sites: Sites,
  folders: ControlPlaneFolders,
  chainId: string,
): Promise<Proof> {
  const needles = needlesOf(sites.word, sites.tables);
  const search = new Search(new Map([...needles, [chainId, [Buffer.from(chainId)]]]));
  const { dataDir, dataRoot, artifactRoot } = folders;
  const there: Searched[] = [
    await search.database('database, all rows', system.databaseUrl),
    await search.files('files: database, logs, artifacts', [dataDir, dataRoot, artifactRoot], [folders.sites]),
  ];
  for (const [name, pid] of Object.entries(system.pids()))
    if (pid !== undefined) there.push(await search.memory(`memory of ${name}`, pid));
  const atSites = await search.files('files of the sites', sites.folders);
  const canFind =
    there.every(({ skipped, found }) => (skipped ? process.platform !== 'linux' : found.has(chainId))) &&
    [...needles.keys()].every((name) => atSites.found.has(name) || name === 'hashes of ids');
  const left = there.flatMap(({ found }) => [...found]).filter((name) => name !== chainId);
  const columns = needles.size - 2;
  const ids = new Set(sites.tables.flatMap((table) => table.ids)).size;
  return {
    holds: canFind && left.length === 0,
    lines: [
      `What the control plane holds of ${ids} ids, and of a canary in each of ${columns} columns, as text, base64, SHA-256 or number:`,
      ...there.map((each) => lineOf(each, chainId)),
      canFind
        ? `The same search finds the chain's id in each of them, and all canaries in the ${mib(atSites.bytes)} of the sites.`
        : 'The search did not see all, or does not find what has to be there: it shows nothing.',
    ],
  };
}

function lineOf({ where, bytes, found, skipped }: Searched, chainId: string): string {
  const names = [...found].filter((name) => name !== chainId);
  const what =
    skipped === undefined ? (names.length === 0 ? 'nothing' : names.join(', ')) : `not looked at: ${skipped}`;
  return `  ${where.padEnd(34)}${mib(bytes).padStart(9)}  ${what}`;
}

const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
