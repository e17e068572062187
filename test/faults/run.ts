import { parseArgs } from 'node:util';
import { FAULTS } from './faults.js';
import { BOTH, type Outcome } from './fault.js';
import { keep, resultsFile, type Row } from './results.js';
import { Services } from './services.js';
import { soak } from './soak.js';

const { values, positionals } = readFlags();
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const only = values.only?.flatMap((list) => list.split(',').map(Number));
if (positionals[0] === 'sites') process.exit((await atSites()) ? 0 : 1);
const kinds = BOTH.filter((kind) => values.backend === undefined || values.backend === kind).flatMap((backend) =>
  FAULTS.filter(({ number, backends }) => backends.includes(backend) && (only?.includes(number) ?? true)).map(
    (fault) => ({ fault, backend }),
  ),
);
if (kinds.length === 0) {
  process.stderr.write('faults: nothing was tried: no fault has such a number on such a backend\n');
  process.exit(2);
}
process.stdout.write(`seed ${seed}\n`);
const possible: typeof kinds = [];
for (const kind of kinds) {
  const skip = (await Services.skip(kind.backend)) || ((await kind.fault.skip?.()) ?? false);
  if (skip === false) possible.push(kind);
  else process.stdout.write(`${kind.fault.number} ${kind.fault.name}, ${kind.backend} is left out: ${skip}\n`);
}
if (positionals[0] === 'soak') {
  process.exitCode = (await soak(possible, Number(values.hours), seed, values.out)) ? 0 : 1;
} else {
  process.exitCode = (await each()) ? 0 : 1;
}

/** Strikes runs between sites, or with `--minutes` looks at memory beside a slow one. Returns whether all is well. */
async function atSites(): Promise<boolean> {
  const say = (words: string): void => void process.stdout.write(`${words}\n`);
  if (values.minutes !== undefined) {
    const { memoryBesideSlowPeer } = await import('./site-memory.js');
    const minutes = Number(values.minutes);
    const found = await memoryBesideSlowPeer(minutes, say);
    for (const { name, early, late, most } of found)
      say(
        `${name}: ${early.toFixed(1)} MiB at minute ${Math.ceil(minutes / 6)}, ${late.toFixed(1)} at ${minutes} (${(late / early).toFixed(2)} times), ${most.toFixed(1)} at most`,
      );
    return found.every(({ early, late }) => late > 0 && late <= 1.1 * early);
  }
  const { tryAtSites } = await import('./site-trials.js');
  const rows = await tryAtSites(
    only,
    ({ number, type, blow, outcome, seconds, reconnects, violations }) => {
      say(`| ${number} | \`${type}\` | ${blow} | ${outcome} | ${seconds.toFixed(1)} | ${reconnects} |`);
      for (const violation of violations) say(`  VIOLATION ${violation}`);
    },
    say,
  );
  if (rows.length > 0) return rows.every(({ violations }) => violations.length === 0);
  process.stderr.write('faults: nothing was tried: no fault between sites has such a number\n');
  return false;
}

/** Runs each once. Returns whether all is well. */
async function each(): Promise<boolean> {
  const rows: Row[] = [];
  for (const { fault, backend } of possible) {
    const services = await Services.start(backend);
    const started = performance.now();
    const say = (words: string): void => void process.stdout.write(`  ${words}\n`);
    process.stdout.write(`${fault.number} ${fault.name}, ${backend}\n`);
    let outcome: Outcome;
    try {
      outcome = await fault.run({ services, long: !values.short, seed, say });
    } catch (error) {
      const violations = [`it could not be run: ${(error as Error).stack}`];
      outcome = { rounds: 0, lost: 0, stuck: 0, doubled: 0, longestRecoveryMs: 0, violations };
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
    if (!values.short) keep(rows);
    for (const violation of outcome.violations) say(`VIOLATION ${violation}`);
    if (outcome.notes !== undefined) say(outcome.notes);
  }
  console.table(
    rows.map(({ fault, backend, rounds, lost, stuck, doubled, longestRecoveryMs, violations, seconds }) => ({
      fault,
      backend,
      rounds,
      lost,
      stuck,
      doubled,
      'longest recovery, s': longestRecoveryMs / 1000,
      violations: violations.length,
      'took, s': seconds,
    })),
  );
  if (!values.short) process.stdout.write(`${resultsFile('')}\n`);
  // The soak runs each fault by a process that says what came of it.
  if (process.send !== undefined) await new Promise((sent) => process.send!(rows, sent));
  return rows.every(({ lost, stuck, doubled, violations }) => lost + stuck + doubled + violations.length === 0);
}

function readFlags() {
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        only: { type: 'string', multiple: true },
        backend: { type: 'string' },
        seed: { type: 'string' },
        short: { type: 'boolean', default: false },
        hours: { type: 'string', default: '8' },
        minutes: { type: 'string' },
        out: { type: 'string' },
      },
    });
    const [command, ...more] = parsed.positionals;
    if (more.length > 0 || (command !== undefined && command !== 'soak' && command !== 'sites'))
      throw new Error('there are only "soak" and "sites"');
    const { minutes } = parsed.values;
    if (minutes !== undefined && !(Number.isInteger(Number(minutes)) && Number(minutes) > 0))
      throw new Error(`--minutes ${minutes} is no number of minutes`);
    if (!(Number(parsed.values.hours) > 0)) throw new Error(`--hours ${parsed.values.hours} is no number of hours`);
    return parsed;
  } catch (error) {
    process.stderr.write(`faults: ${(error as Error).message}\n`);
    process.exit(2);
  }
}
