import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { guarded } from '#libs/local-postgres';
import type { Fault, Outcome } from './fault.js';
import { seeded, shuffled } from './random.js';
import { machine, resultsFile, type Row } from './results.js';
import type { BackendKind } from './services.js';

const PROGRAM = fileURLToPath(new URL('run.js', import.meta.url));
/** More than any short form takes on a machine that is busy. */
const HANGS_MS = 1_800_000;

interface Kind {
  readonly fault: Fault;
  readonly backend: BackendKind;
}

/** What came of all runs of a fault on a backend. */
interface Sum {
  readonly fault: string;
  readonly backend: BackendKind;
  runs: number;
  lost: number;
  stuck: number;
  doubled: number;
  longestRecoveryMs: number;
  /** The runs in which something was wrong; `npm run faults -- --short --only … --seed …` does one again. */
  readonly failures: { readonly at: string; readonly seed: number; readonly violations: readonly string[] }[];
}

/**
 * Runs the short forms of faults in an order and with seeds that `seed` decides, the backends in turn, each run in a process of its
 * own on a fresh database, until `hours` have gone by or SIGTERM or SIGINT comes; a run under way then is not counted. Writes the sums
 * after every run. Returns whether nothing was wrong.
 */
export async function soak(kinds: readonly Kind[], hours: number, seed: number, out?: string): Promise<boolean> {
  const file = out ?? resultsFile('soak-');
  const random = seeded(seed);
  const began = new Date();
  const sums = kinds.map(({ fault, backend }): Sum => {
    const name = `${fault.number} ${fault.name}`;
    return { fault: name, backend, runs: 0, lost: 0, stuck: 0, doubled: 0, longestRecoveryMs: 0, failures: [] };
  });
  const asked = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => asked.abort());
  const over = AbortSignal.any([asked.signal, AbortSignal.timeout(hours * 3_600_000)]);
  for (const kind of inTurn(kinds, random)) {
    if (over.aborted) break;
    const { fault, backend } = kind;
    const one = Math.floor(random() * 1_000_000);
    process.stdout.write(`${new Date().toISOString()} fault ${fault.number}, ${backend}, seed ${one}\n`);
    const outcome = await runOnce(kind, one, over);
    if (outcome === undefined) break;
    add(sums[kinds.indexOf(kind)]!, outcome, one);
    write(file, { machine: machine(), seed, hours, began, until: new Date(), rows: sums });
  }
  write(file, { machine: machine(), seed, hours, began, until: new Date(), rows: sums });
  console.table(
    sums.map(({ longestRecoveryMs, failures, ...sum }) => ({
      ...sum,
      'longest recovery, s': longestRecoveryMs / 1000,
      failures: failures.length,
    })),
  );
  process.stdout.write(`${file}\n`);
  return sums.every(({ failures }) => failures.length === 0);
}

/** Without end: each of one backend in another order every time, and after each one of the other backend. */
function* inTurn(kinds: readonly Kind[], random: () => number): Generator<Kind> {
  const backends = [...new Set(kinds.map(({ backend }) => backend))];
  const left = new Map<BackendKind, Kind[]>();
  for (;;) {
    for (const backend of backends) {
      if ((left.get(backend) ?? []).length === 0) {
        left.set(
          backend,
          shuffled(
            random,
            kinds.filter((kind) => kind.backend === backend),
          ),
        );
      }
      yield left.get(backend)!.pop()!;
    }
  }
}

/** Runs the short form by another process; undefined where `over` ended it. */
async function runOnce({ fault, backend }: Kind, seed: number, over: AbortSignal): Promise<Outcome | undefined> {
  const flags = ['--short', '--only', String(fault.number), '--backend', backend, '--seed', String(seed)];
  const start = (): ChildProcess =>
    spawn(process.execPath, ['--enable-source-maps', PROGRAM, ...flags], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  const child = guarded(start, 'KILL');
  const end = (): void => void child.kill('SIGKILL');
  const late = setTimeout(end, HANGS_MS);
  over.addEventListener('abort', end);
  let rows: readonly Row[] = [];
  child.on('message', (message) => (rows = message as readonly Row[]));
  const how = await new Promise((ended) => child.once('close', (code, signal) => ended(signal ?? code)));
  clearTimeout(late);
  over.removeEventListener('abort', end);
  if (over.aborted) return undefined;
  const violations = [`it ended by ${how} and said nothing`];
  return rows[0] ?? { rounds: 0, lost: 0, stuck: 0, doubled: 0, longestRecoveryMs: 0, violations };
}

function add(sum: Sum, { lost, stuck, doubled, longestRecoveryMs, violations }: Outcome, seed: number): void {
  sum.runs += 1;
  sum.lost += lost;
  sum.stuck += stuck;
  sum.doubled += doubled;
  sum.longestRecoveryMs = Math.max(sum.longestRecoveryMs, longestRecoveryMs);
  if (lost + stuck + doubled + violations.length > 0) {
    sum.failures.push({ at: new Date().toISOString(), seed, violations });
  }
}

function write(file: string, content: object): void {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}
