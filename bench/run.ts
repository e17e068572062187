import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Services } from '../test/faults/services.js';
import { compute } from './compute/compute.js';
import { contenders } from './contenders.js';
import { GOALS, judge } from './goals.js';
import { describeMachine, Patience } from './machine.js';
import { Opened } from './opened.js';
import { apiLoad } from './own/api-load.js';
import { bare } from './own/bare.js';
import { commitLag, steadyRate } from './own/commit-lag.js';
import { instances, turns } from './own/dynamic.js';
import { full } from './own/full.js';
import { growth } from './own/growth.js';
import { idle } from './own/idle.js';
import { overload } from './own/overload.js';
import { runOwn, type OwnMeasurement } from './own/own.js';
import { slots } from './own/slots.js';
import { small } from './own/small.js';
import { soak } from './own/soak.js';
import { start } from './own/start.js';
import { markdown } from './report.js';
import { cpuOfW4, mediansOf, quietOf } from './results.js';
import { runRounds } from './rounds.js';
import { GRAPH_WORKLOADS } from './workloads.js';

const { values: args } = parseArgs({
  options: {
    workload: { type: 'string', multiple: true },
    peer: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    repetitions: { type: 'string' },
    soak: { type: 'string' },
    overload: { type: 'string' },
    long: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    'no-save': { type: 'boolean', default: false },
  },
});

/** Names given by comma or one by one; undefined: all. Throws at one that is not known. */
function namesIn(lists: readonly string[] | undefined, known: readonly string[]): readonly string[] {
  if (lists === undefined) return known;
  const names = lists.flatMap((list) => list.split(','));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')} is not known; there is ${known.join(', ')}`);
  return names;
}

const { profile, quick, long } = args;
const nodeOptionsOf = (name: string): string[] => ['--cpu-prof', `--cpu-prof-dir=${resolve(profile!, name)}`];
const profiled = profile === undefined ? undefined : nodeOptionsOf;
const all = contenders(profiled);
/** Of many minutes: alone, by the minutes that are asked for. */
const alone =
  args.soak !== undefined
    ? soak(Number(args.soak))
    : args.overload !== undefined
      ? overload(Number(args.overload))
      : undefined;
const own: readonly OwnMeasurement[] =
  alone === undefined
    ? [commitLag, growth, apiLoad, bare, steadyRate, compute, instances, turns, slots, small, start, full, idle]
    : [alone];
const graphs = alone === undefined ? GRAPH_WORKLOADS : [];
const ids = [...graphs, ...own].map(({ id }) => id);
const workloads = namesIn(args.workload, ids);
// Always includes ours: the others are ratios to it.
const peers = [
  'ours',
  ...namesIn(
    args.peer,
    all.map(({ name }) => name),
  ),
];
// The whole run alone is the day's: the pages in docs take their figures from it.
const whole = args.workload === undefined && args.peer === undefined;
const suffix = alone !== undefined ? `-${alone.id}` : quick ? '-quick' : whole ? '' : '-part';
const say = (words: string): void => void process.stderr.write(`${words}\n`);
const patience = new Patience(quick ? 20_000 : 90_000);

const opened = new Opened();
opened.closeOnSignal(say);
try {
  const began = performance.now();
  const at = new Date().toISOString();
  const loadBefore = loadavg();
  const [services] = await opened.open(
    () => Services.start('redis', { track_commit_timestamp: 'on' }),
    (each) => each.stop(),
  );
  const outcome = await runRounds(services, opened, {
    contenders: all.filter(({ name }) => peers.includes(name)),
    workloads: graphs.filter(({ id }) => workloads.includes(id)),
    rounds: Number(args.rounds ?? 4),
    roundsMs: quick && args.rounds === undefined ? 120_000 : Infinity,
    warmUpMs: quick ? 1_000 : 3_000,
    repetitions: Number(args.repetitions ?? (quick ? 3 : 5)),
    turnMs: quick ? 300 : 1_000,
    patience,
    say,
  });
  const measured = own.filter(({ id }) => workloads.includes(id));
  const owned = await runOwn({ services, opened, quick, long, nodeOptionsOf: profiled, say }, measured, patience);
  if (opened.stopping) throw new Error('stopped: what was measured so far is not kept');
  const results = {
    at,
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--'] : []), ...process.argv.slice(2)].join(' '),
    machine: describeMachine(),
    minutes: (performance.now() - began) / 60_000,
    loadBefore,
    ...outcome,
    own: owned,
  };
  const goals = judge(results, GOALS);
  const text = markdown(results, goals, { contenders: all, workloads: GRAPH_WORKLOADS, own });
  const about = {
    contenders: all.map(({ name, title, durable }) => ({ name, title, durable })),
    quiet: quietOf(results),
    medians: mediansOf(results),
    cpuOfW4: cpuOfW4(results),
    goals,
  };
  const json = `${JSON.stringify({ ...results, ...about }, null, 2)}\n`;
  process.stdout.write(args.json ? json : text);
  if (!args['no-save']) {
    const folder = resolve('bench', 'results');
    mkdirSync(folder, { recursive: true });
    const name = `${at.slice(0, 10)}${suffix}`;
    writeFileSync(resolve(folder, `${name}.json`), json);
    writeFileSync(resolve(folder, `${name}.md`), text);
  }
} finally {
  await opened.closeAll();
}
