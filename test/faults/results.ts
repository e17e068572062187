import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import type { Outcome } from './fault.js';
import type { BackendKind } from './services.js';

/** What came of one run of a fault. */
export interface Row extends Outcome {
  readonly fault: string;
  readonly backend: BackendKind;
  readonly seconds: number;
  readonly at: string;
  readonly seed: number;
}

const day = new Date().toISOString().slice(0, 10);

/** What ran it. */
export const machine = () => ({ node: process.version, cores: cpus().length, cpu: cpus()[0]?.model });

/** Writes the day's results, each run in the place of an earlier one of the same fault and backend. */
export function keep(rows: readonly Row[]): void {
  const file = resultsFile('');
  const earlier = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { rows: Row[] }).rows : [];
  const all = [...earlier.filter((row) => !rows.some((now) => key(now) === key(row))), ...rows];
  all.sort((a, b) => parseInt(a.fault) - parseInt(b.fault) || a.backend.localeCompare(b.backend));
  writeFileSync(file, `${JSON.stringify({ machine: machine(), rows: all }, null, 2)}\n`);
}

/** The file of the day on which the run began. */
export function resultsFile(prefix: string): string {
  const folder = resolve('test', 'faults', 'results');
  mkdirSync(folder, { recursive: true });
  return resolve(folder, `${prefix}${day}.json`);
}

function key(row: Row): string {
  return `${row.fault} ${row.backend}`;
}
