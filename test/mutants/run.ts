/**
 * Mutation tests: `npm run mutants -- <set> …`. Each mutant is built into a copy of the project, where the specs that reach its
 * file run, the nearest first, until one fails. Writes `test/mutants/results/<set>.json` and prints the table of all results.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startTestPostgres } from '#libs/testing';
import { mutated, nameOf, same, type Mutant, type Named } from './mutant.js';
import type { Report } from './host.js';
import { Reach } from './reach.js';
import { keep, report, resultsOf, type Result } from './results.js';
import { Runner } from './runner.js';
import { SEED, SETS } from './sets.js';
import { compiled, refused, Tree } from './tree.js';

type Fate = 'killed' | 'survived' | 'timeouts' | 'invalid';

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
    /** Begins no mutant later: what it has tried of a sample is a smaller sample. */
    minutes: { type: 'string', default: 'Infinity' },
    /** Tries survivors and time-outs of the last run again. */
    again: { type: 'boolean', default: false },
    /** Also runs specs of other libs and apps, and those of the whole. */
    far: { type: 'boolean', default: false },
    /** Only files whose path holds it. */
    file: { type: 'string' },
  },
});
const [shard, shards] = flags.shard.split('/').map(Number) as [number, number];
const names = Object.keys(SETS).filter((name) => positionals.some((wanted) => name.startsWith(wanted)));
if (names.length === 0) {
  report();
  process.stdout.write(`npm run mutants -- ${Object.keys(SETS).join(' | ')}\n`);
} else {
  mkdirSync(resolve('.cache', 'mutants'), { recursive: true });
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
  const earlier = flags.again ? resultsOf(name) : undefined;
  const text = new Map<string, string>();
  const textOf = (file: string): string => text.get(file) ?? text.set(file, readFileSync(file, 'utf8')).get(file)!;
  const again = [...(earlier?.survivors ?? []), ...(earlier?.timedOut ?? [])];
  const mutants = all.filter(
    (mutant, i) =>
      i % shards === shard - 1 &&
      mutant.file.includes(flags.file ?? '') &&
      (earlier === undefined || again.some((one) => same(one, nameOf(textOf(mutant.file), mutant)))),
  );
  process.stdout.write(`${name}: ${mutants.length} mutants of ${of}\n`);
  const reach = new Reach('.');
  const baseline = new Map<string, Promise<Report | undefined>>();
  const killers = new Map<string, number>();
  const fates: { mutant: Mutant; fate: Fate; by?: string }[] = [];
  const queue = mutants.values();
  const work = async (job: number): Promise<void> => {
    const tree = new Tree(`${process.pid}-${job}`);
    const runner = new Runner(tree.path, { TEST_DATABASE_URL: databaseUrl });
    try {
      for (const mutant of queue) {
        if (seconds() > 60 * Number(flags.minutes)) break;
        const found = await judge(mutant, tree, runner);
        fates.push({ mutant, ...found });
        if (found.fate !== 'killed')
          process.stdout.write(`  ${found.fate} ${JSON.stringify(nameOf(textOf(mutant.file), mutant))}\n`);
        if (fates.length % 50 === 0) process.stdout.write(`  ${fates.length} of ${mutants.length}, ${seconds()} s\n`);
      }
    } finally {
      runner.stop();
      tree.remove();
    }
  };
  const seconds = (): number => Math.round((performance.now() - began) / 1000);

  async function judge(mutant: Mutant, tree: Tree, runner: Runner): Promise<{ fate: Fate; by?: string }> {
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
        if (NO_STATEMENT.test(run.failures.join('\n'))) return { fate: 'invalid' };
        killers.set(`${mutant.file} ${spec}`, (killers.get(`${mutant.file} ${spec}`) ?? 0) + 1);
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
    const kills = ([spec]: [string, Report]): number => killers.get(`${mutant.file} ${spec}`) ?? 0;
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
  const count = (fate: Fate): number => fates.filter((one) => one.fate === fate).length;
  const named = (fate: Fate): Named[] =>
    fates.filter((one) => one.fate === fate).map(({ mutant }) => nameOf(textOf(mutant.file), mutant));
  const before = earlier?.counts ?? { killed: 0, survived: 0, timeouts: 0, invalid: 0 };
  const result: Result = {
    set: name,
    seed: SEED,
    of,
    at: new Date().toISOString(),
    node: process.version,
    counts: {
      killed: before.killed + count('killed'),
      survived: count('survived'),
      timeouts: count('timeouts'),
      invalid: before.invalid + count('invalid'),
    },
    seconds: (earlier?.seconds ?? 0) + seconds(),
    survivors: named('survived'),
    timedOut: named('timeouts'),
  };
  if (flags.file === undefined) keep(result, shards > 1 ? `.${shard}-of-${shards}` : '');
}
