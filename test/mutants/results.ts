import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { same, type Named } from './mutant.js';
import { score, type Counts } from './score.js';

/** What a run of a set, or of a shard of it, found. */
export interface Result {
  readonly set: string;
  readonly seed: number;
  /** How many mutants there are, of which a sample is tried. */
  readonly of: number;
  readonly at: string;
  readonly node: string;
  readonly counts: Counts;
  readonly seconds: number;
  readonly survivors: readonly Named[];
  readonly timedOut: readonly Named[];
}

/** A survivor with the reason why no caller can tell. */
export interface Excused extends Pick<Named, 'file' | 'line' | 'kind' | 'code' | 'change'> {
  readonly reason: string;
}

const FOLDER = join('test', 'mutants', 'results');
const SURVIVORS = join('test', 'mutants', 'survivors.json');

const fileOf = (set: string, shard = ''): string => join(FOLDER, `${set.replace('/', '-')}${shard}.json`);

export function keep(result: Result, shard: string): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(fileOf(result.set, shard), `${JSON.stringify(result, null, 2)}\n`);
}

/** The last run of a whole set. */
export function resultsOf(set: string): Result | undefined {
  return existsSync(fileOf(set)) ? (JSON.parse(readFileSync(fileOf(set), 'utf8')) as Result) : undefined;
}

/** Prints the table of all committed results, and the survivors without a reason. */
export function report(): void {
  const results = existsSync(FOLDER)
    ? readdirSync(FOLDER).map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Result)
    : [];
  const excused = existsSync(SURVIVORS) ? (JSON.parse(readFileSync(SURVIVORS, 'utf8')) as Excused[]) : [];
  const rows = [...new Set(results.map(({ set }) => set))].map((set) => {
    const parts = results.filter((result) => result.set === set);
    const sum = (of: keyof Counts): number => parts.reduce((all, { counts }) => all + counts[of], 0);
    const { percent, low, high } = score({ killed: sum('killed'), survived: sum('survived') });
    const open = parts
      .flatMap(({ survivors }) => survivors)
      .filter((one) => !excused.some((known) => same(known, one)));
    return {
      set,
      mutants: sum('killed') + sum('survived') + sum('timeouts'),
      of: parts[0]!.of,
      killed: sum('killed'),
      survived: sum('survived'),
      'without a reason': open.length,
      timeouts: sum('timeouts'),
      '%': Number(percent.toFixed(1)),
      '95 %': `${low.toFixed(1)} to ${high.toFixed(1)}`,
    };
  });
  console.table(rows);
}
