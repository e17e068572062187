import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS } from './faults.js';
import { BOTH, type Outcome } from './fault.js';
import { Services, type BackendKind } from './services.js';

interface Row extends Outcome {
  readonly fault: string;
  readonly backend: BackendKind;
  readonly seconds: number;
  readonly at: string;
  readonly seed: number;
}

const values = readFlags();
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const only = values.only?.flatMap((list) => list.split(',').map(Number));
const backends = BOTH.filter((kind) => values.backend === undefined || values.backend === kind);
const day = new Date().toISOString().slice(0, 10);
const rows: Row[] = [];
process.stdout.write(`seed ${seed}\n`);

for (const backend of backends) {
  const faults = FAULTS.filter(({ number, backends: on }) => on.includes(backend) && (only?.includes(number) ?? true));
  if (faults.length === 0) continue;
  const skip = await Services.skip(backend);
  if (skip !== false) {
    process.stdout.write(`${backend} is left out: ${skip}\n`);
    continue;
  }
  for (const fault of faults) {
    const services = await Services.start(backend);
    const started = performance.now();
    const say = (words: string): void => void process.stdout.write(`  ${words}\n`);
    process.stdout.write(`${fault.number} ${fault.name}, ${backend}\n`);
    let outcome: Outcome;
    try {
      outcome = await fault.run({ services, long: !values.short, seed, say });
    } catch (error) {
      const violations = [`it could not be run: ${(error as Error).stack}`];
      outcome = { rounds: 0, lost: 0, stuck: 0, longestRecoveryMs: 0, violations };
    } finally {
      await services.stop();
    }
    const seconds = Math.round((performance.now() - started) / 1000);
    rows.push({
      fault: `${fault.number} ${fault.name}`,
      backend,
      at: new Date().toISOString(),
      seed,
      seconds,
      ...outcome,
    });
    if (!values.short) keep();
    for (const violation of outcome.violations) say(`VIOLATION ${violation}`);
    if (outcome.notes !== undefined) say(outcome.notes);
  }
}

if (rows.length === 0) {
  process.stderr.write('faults: nothing was tried: no fault has such a number on such a backend that is here\n');
  process.exit(2);
}
const table = rows.map(({ fault, backend, rounds, lost, stuck, longestRecoveryMs, violations, seconds }) => ({
  fault,
  backend,
  rounds,
  lost,
  stuck,
  'longest recovery, s': longestRecoveryMs / 1000,
  violations: violations.length,
  'took, s': seconds,
}));
console.table(table);
if (!values.short) process.stdout.write(`${resultsFile()}\n`);
process.exitCode = rows.some(({ lost, stuck, violations }) => lost + stuck + violations.length > 0) ? 1 : 0;

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        backend: { type: 'string' },
        seed: { type: 'string' },
        short: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    process.stderr.write(`faults: ${(error as Error).message}\n`);
    process.exit(2);
  }
}

/** Writes the day's results, each run in the place of an earlier one of the same fault and backend. */
function keep(): void {
  const file = resultsFile();
  const earlier = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { rows: Row[] }).rows : [];
  const all = [...earlier.filter((row) => !rows.some((now) => key(now) === key(row))), ...rows];
  all.sort((a, b) => parseInt(a.fault) - parseInt(b.fault) || a.backend.localeCompare(b.backend));
  const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model };
  writeFileSync(file, `${JSON.stringify({ machine, rows: all }, null, 2)}\n`);
}

/** The file of the day on which the run began. */
function resultsFile(): string {
  const folder = resolve('test', 'faults', 'results');
  mkdirSync(folder, { recursive: true });
  return resolve(folder, `${day}.json`);
}

function key(row: Row): string {
  return `${row.fault} ${row.backend}`;
}
