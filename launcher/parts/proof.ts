import { HASHES, needlesOf, needlesOfMade, needlesOfOthers } from './canaries.js';
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

const MADE = 'tables that the tasks made';

/** What a search for canaries of the sites' tables came to. */
export interface Proof {
  readonly lines: readonly string[];
  /** Whether nothing was found, and the search can find. */
  readonly holds: boolean;
}

/**
 * Looks for what the sites' tables hold in all that the control plane has: database, files, and memory of its apps; and at each site for what the
 * tables of the others hold. That the search can find is shown by what has to be there: the chain's id in each place, in the memory of a site an
 * argument of its process, and all that is looked for at the sites together.
 */
export async function proveNothingLeft(
  system: System,
  sites: Sites,
  folders: ControlPlaneFolders,
  chainId: string,
): Promise<Proof> {
  const needles = new Map(needlesOf(sites.word, sites.tables));
  needles.set(MADE, (await sites.tablesMade()).flatMap(needlesOfMade));
  const search = new Search(new Map([...needles, [chainId, [Buffer.from(chainId)]]]));
  const { dataDir, dataRoot, artifactRoot } = folders;
  const there: Searched[] = [
    await search.database('database, all rows', system.databaseUrl),
    await search.files('files: database, logs, artifacts', [dataDir, dataRoot, artifactRoot], [folders.sites]),
  ];
  // An app that has no process just now has memory that nobody saw.
  for (const [name, pid] of Object.entries(system.pids()))
    there.push(await search.memory(`memory of ${name}`, pid ?? -1));
  const eachSite: Searched[] = [];
  for (const { name, folder, pid, argument } of sites.places) {
    const marks = [chainId, argument].map((text) => Buffer.from(text));
    const searchSite = new Search(new Map([...needlesOfOthers(name, sites.tables), [chainId, marks]]));
    eachSite.push(await searchSite.files(`files of ${name}`, [folder]));
    eachSite.push(await searchSite.memory(`memory of ${name}`, pid));
  }
  const atSites = await search.files('files of the sites', sites.folders);
  const ids = new Set(sites.tables.flatMap((table) => table.ids)).size;
  const columns = sites.tables.flatMap(({ numbers }) => Object.keys(numbers)).length;
  const all = [...there, ...eachSite];
  const { canFind, holds } = judgeSearch(all, atSites, [...needles.keys()], chainId, process.platform === 'linux');
  return {
    holds,
    lines: [
      `What the control plane holds of ${ids} ids, of a canary in each of ${columns} columns, as text, base64, SHA-256 or number,`,
      'and of numbers in the tables that the tasks made:',
      ...there.map((each) => lineOf(each, chainId)),
      'What each site holds of the canaries of the others, and of ids that it has not itself:',
      ...eachSite.map((each) => lineOf(each, chainId)),
      canFind
        ? `The same search finds the chain's id in each of them, and all canaries in the ${mib(atSites.bytes)} of the sites.`
        : 'The search did not see all, or does not find what has to be there: it shows nothing.',
    ],
  };
}

/** Whether a search can find, and has found nothing where nothing may be. `seesMemory`: the system shows the memory of processes. */
export function judgeSearch(
  there: readonly Searched[],
  atSites: Searched,
  names: readonly string[],
  chainId: string,
  seesMemory: boolean,
): { readonly canFind: boolean; readonly holds: boolean } {
  const hasSeen = ({ skipped, found }: Searched): boolean => (skipped === undefined ? found.has(chainId) : !seesMemory);
  const canFind = there.every(hasSeen) && names.every((name) => atSites.found.has(name) || name === HASHES);
  return { canFind, holds: canFind && there.every(({ found }) => names.every((name) => !found.has(name))) };
}

function lineOf({ where, bytes, found, skipped }: Searched, chainId: string): string {
  const names = [...found].filter((name) => name !== chainId);
  const what =
    skipped === undefined ? (names.length === 0 ? 'nothing' : names.join(', ')) : `not looked at: ${skipped}`;
  return `  ${where.padEnd(34)}${mib(bytes).padStart(9)}  ${what}`;
}

const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
