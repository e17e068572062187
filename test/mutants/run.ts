/**
 * Mutation tests: `npm run mutants -- <set> …`. Each mutant is built into a copy of the project, where the specs that reach its
 * file run, the nearest first, until one fails. Writes `test/mutants/results/<set>.json` and prints the table of all results.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startTestPostgres } from '#libs/testing';
import type { Report } from './host.js';
import { Ledger, type Found } from './ledger.js';
import { mutated, nameOf, type Mutant, type Named } from './mutant.js';
import { Reach } from './reach.js';
import { keep, report } from './results.js';
import { Runner } from './runner.js';
import { SEED, SETS } from './sets.js';
import { compiled, refused, Tree } from './tree.js';

/** What PostgreSQL says of a statement that is none. */
const NO_STATEMENT = /syntax error at|must be type boolean|operator does not exist|cannot be used as a boolean/;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** A sample of so many of each set. */
    sample: { type: 'string' },
    shard: { type: 'string', default: '1/1' },
    jobs: { type: 'string', default: '2' },
    /** CPU seconds of specs, as they take without a mutant, that one mutant is given. */
    seconds: { type: 'string', default: '20' },
    /** Begins no mutant later: what it has tried is a sample, and the next run goes on. */
    minutes: { type: 'string', default: 'Infinity' },
    /** Tries survivors and time-outs again. */
    again: { type: 'boolean', default: false },
    /** Forgets what earlier runs have found. */
    afresh: { type: 'boolean', default: false },
    /** Also runs specs of other libs and apps, and those of the whole. */
    far: { type: 'boolean', default: false },
    /** All mutants of the files whose path holds it, whatever is known of them. */
    file: { type: 'string' },
  },
});
const [shard, shards] = flags.shard.split('/').map(Number) as [number, number];
const names = Object.keys(SETS).filter((name) => positionals.some((wanted) => name.startsWith(wanted)));
if (names.length === 0) {
  report();
  process.stdout.write(`npm run mutants -- ${Object.keys(SETS).join(' | ')}\n`);
} else {
  const postgres = await startTestPostgres();
  try {
    for (const name of names) await runSet(name, postgres.url);
  } finally {
    await postgres.stop();
  }
  report();
}

async function runSet(name: string, databaseUrl: string): Promise<void> {
  const began = performance.now();
  const { mutants: all, of } = await SETS[name]!(flags.sample === undefined ? undefined : Number(flags.sample));
  const ledger = new Ledger(name);
  if (flags.afresh) ledger.forget();
  const text = new Map(all.map(({ file }) => [file, readFileSync(file, 'utf8')]));
  const textOf = (file: string): string => text.get(file)!;
  const found = (mutant: Mutant): Found | undefined => ledger.found(mutant, textOf(mutant.file));
  const isDue = (mutant: Mutant): boolean => {
    const fate = found(mutant)?.fate;
    return flags.again ? fate === 'survived' || fate === 'timeouts' : fate === undefined || flags.file !== undefined;
  };
  const mutants = all.filter(
    (mutant, i) => i % shards === shard - 1 && mutant.file.includes(flags.file ?? '') && isDue(mutant),
  );
  process.stdout.write(`${name}: ${mutants.length} mutants of ${of}\n`);
  const reach = new Reach('.');
  const baseline = new Map<string, Promise<Report | undefined>>();
  let tried = 0;
  const queue = mutants.values();
  const work = async (job: number): Promise<void> => {
    const tree = new Tree(`${process.pid}-${job}`);
    const runner = new Runner(tree.path, { TEST_DATABASE_URL: databaseUrl }, name.startsWith('pure/'));
    try {
      for (const mutant of queue) {
        if (seconds() > 60 * Number(flags.minutes)) break;
        const now = await judge(mutant, tree, runner);
        ledger.add(mutant, textOf(mutant.file), now);
        if (now.fate !== 'killed')
          process.stdout.write(`  ${now.fate} ${JSON.stringify(nameOf(textOf(mutant.file), mutant))}\n`);
        if (++tried % 50 === 0) process.stdout.write(`  ${tried} of ${mutants.length}, ${seconds()} s\n`);
      }
    } finally {
      runner.stop();
      tree.remove();
    }
  };
  const seconds = (): number => Math.round((performance.now() - began) / 1000);

  async function judge(mutant: Mutant, tree: Tree, runner: Runner): Promise<Found> {
    const changed = mutated(textOf(mutant.file), mutant);
    const built = compiled(changed);
    if (built === undefined) return { fate: 'invalid' };
    const specs = await specsOf(mutant, runner);
    const takeBack = tree.put(mutant.file, built);
    try {
      for (const [spec, { ms }] of specs) {
        const run = await runner.run(spec, 10_000 + 5 * ms);
        if (run === undefined) return { fate: 'timeouts', by: spec };
        if (run.failures.length === 0) continue;
        if (!name.startsWith('pure/') && NO_STATEMENT.test(run.failures.join('\n'))) return { fate: 'invalid' };
        return { fate: 'killed', by: spec };
      }
    } finally {
      takeBack();
    }
    return refused(mutant.file, changed) ? { fate: 'killed', by: 'the compiler' } : { fate: 'survived' };
  }

  /** The specs for a mutant, those that killed others of its file first; those that fail without one are left out. */
  async function specsOf(mutant: Mutant, runner: Runner): Promise<[string, Report][]> {
    const ends = mutant.specs?.map((end) => end.replace(/\.ts$/, '.js'));
    const reached = reach.specsOf(mutant.file, flags.far || ends !== undefined);
    const specs: [string, Report][] = [];
    let left = 1000 * Number(flags.seconds);
    let passedOver = 0;
    for (const spec of reached.filter((one) => ends?.some((end) => one.endsWith(end)) ?? true)) {
      if (passedOver > 3) break;
      if (!baseline.has(spec)) baseline.set(spec, alone(spec, runner));
      const run = await baseline.get(spec);
      if (run === undefined) continue;
      if (run.cpuMs > left && specs.length > 0) passedOver++;
      else specs.push([spec, run]);
      left -= run.cpuMs > left ? 0 : run.cpuMs;
    }
    const kills = ([spec]: [string, Report]): number => ledger.killsOf(mutant.file, spec);
    return specs.sort((a, b) => kills(b) - kills(a) || a[1].cpuMs - b[1].cpuMs);
  }

  async function alone(spec: string, runner: Runner): Promise<Report | undefined> {
    const run = await runner.run(spec, 300_000);
    if (run?.failures.length === 0) return run;
    const why = run?.failures[0]?.slice(0, 300) ?? 'time-out';
    process.stdout.write(`  left out, as it fails without a mutant: ${spec}: ${why}\n`);
    return undefined;
  }

  await Promise.all(Array.from({ length: Number(flags.jobs) }, (_, job) => work(job)));
  if (flags.file !== undefined) return;
  ledger.read();
  const named = (fate: Found['fate']): Named[] =>
    all.filter((mutant) => found(mutant)?.fate === fate).map((mutant) => nameOf(textOf(mutant.file), mutant));
  const [survivors, timedOut] = [named('survived'), named('timeouts')];
  keep({
    set: name,
    seed: SEED,
    of,
    at: new Date().toISOString(),
    commit: execFileSync('git', ['rev-parse', '--short=8', 'HEAD'], { encoding: 'utf8' }).trim(),
    node: process.version,
    counts: {
      killed: named('killed').length,
      survived: survivors.length,
      timeouts: timedOut.length,
      invalid: named('invalid').length,
    },
    survivors,
    timedOut,
  });
}
