import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { same, type Named } from './mutant.js';
import { score, type Counts } from './score.js';

/** What the runs of a set found. */
export interface Result {
  readonly set: string;
  readonly seed: number;
  /** How many mutants there are, of which a sample is tried. */
  readonly of: number;
  readonly at: string;
  /** The last commit of the code that was tried. */
  readonly commit?: string;
  readonly node: string;
  readonly counts: Counts;
  readonly survivors: readonly Named[];
  readonly timedOut: readonly Named[];
}

/** A survivor with the reason why no caller can tell. */
export interface Excused extends Pick<Named, 'file' | 'line' | 'kind' | 'code' | 'change'> {
  readonly reason: string;
}

const FOLDER = join('test', 'mutants', 'results');
const SURVIVORS = join('test', 'mutants', 'survivors.json');

export function keep(result: Result): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${result.set.replace('/', '-')}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/** Prints the table of all committed results, and the survivors without a reason. */
export function report(): void {
  const results = existsSync(FOLDER)
    ? readdirSync(FOLDER).map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Result)
    : [];
  const excused = existsSync(SURVIVORS) ? (JSON.parse(readFileSync(SURVIVORS, 'utf8')) as Excused[]) : [];
  const rows = results.map(({ set, of, counts: { killed, survived, timeouts }, survivors }) => {
    const { percent, low, high } = score({ killed, survived });
    return {
      set,
      mutants: killed + survived + timeouts,
      of,
      killed,
      survived,
      'without a reason': survivors.filter((one) => !excused.some((known) => same(known, one))).length,
      timeouts,
      '%': Number(percent.toFixed(1)),
      '95 %': `${low.toFixed(1)} to ${high.toFixed(1)}`,
    };
  });
  console.table(rows);
}
