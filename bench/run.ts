import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Services } from '../test/faults/services.js';
import { contenders } from './contenders.js';
import { describeMachine } from './machine.js';
import { Opened } from './opened.js';
import { markdown } from './report.js';
import { runRounds } from './rounds.js';
import { GRAPH_WORKLOADS } from './workloads.js';

const { values: args } = parseArgs({
  options: {
    workload: { type: 'string', multiple: true },
    peer: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    repetitions: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    'no-save': { type: 'boolean', default: false },
  },
});

/** Those of `all` that are named; everything when nothing is. */
function chosen<T>(all: readonly T[], nameOf: (each: T) => string, lists: readonly string[] | undefined): readonly T[] {
  if (lists === undefined) return all;
  const names = lists.flatMap((list) => list.split(','));
  const known = all.map(nameOf);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')} is not known; there is ${known.join(', ')}`);
  return all.filter((each) => names.includes(nameOf(each)));
}

const { profile } = args;
const nodeOptionsOf = (name: string): string[] => ['--cpu-prof', `--cpu-prof-dir=${resolve(profile!, name)}`];
const all = contenders(profile === undefined ? undefined : nodeOptionsOf);
const workloads = chosen(GRAPH_WORKLOADS, ({ id }) => id, args.workload);
const taking = chosen(all, ({ name }) => name, args.peer);
const say = (words: string): void => void process.stderr.write(`${words}\n`);

const opened = new Opened();
opened.closeOnSignal(say);
try {
  const [services] = await opened.open(
    () => Services.start('redis', { track_commit_timestamp: 'on' }),
    (each) => each.stop(),
  );
  const outcome = await runRounds(services, opened, {
    contenders: taking,
    workloads,
    rounds: Number(args.rounds ?? (args.quick ? 3 : 5)),
    repetitions: Number(args.repetitions ?? (args.quick ? 3 : 5)),
    turnMs: args.quick ? 800 : 1_500,
    patienceMs: args.quick ? 2_000 : 10_000,
    say,
  });
  const results = { at: new Date().toISOString(), machine: describeMachine(), ...outcome };
  const text = markdown(results, all, GRAPH_WORKLOADS);
  process.stdout.write(args.json ? `${JSON.stringify(results, null, 2)}\n` : text);
  if (!args['no-save']) {
    const folder = resolve('bench', 'results');
    mkdirSync(folder, { recursive: true });
    const day = results.at.slice(0, 10);
    writeFileSync(resolve(folder, `${day}.json`), `${JSON.stringify(results, null, 2)}\n`);
    writeFileSync(resolve(folder, `${day}.md`), text);
  }
} finally {
  await opened.closeAll();
}
