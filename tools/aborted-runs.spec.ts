import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from '@jest/globals';
import { guarded } from '#libs/local-postgres';
import { itUnless } from '#libs/testing';
import { ROOT } from './steps.js';

/** A process of a run. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  /** When it started: a later one may have the same id. */
  readonly birth: string;
  readonly command: string;
}

const MOMENTS: Readonly<Record<string, (all: readonly Process[]) => boolean>> = {
  'PostgreSQL is being made': (all) => all.some(({ command }) => /bin\/(initdb|postgres) /.test(command)),
  'a system runs': (all) =>
    all.some(({ command }) => command.includes('status-listener')) &&
    all.filter(({ command }) => command.startsWith('postgres: task_chain')).length > 2,
};
const CASES = [
  ['SIGINT', 'with its group', 'PostgreSQL is being made'],
  ['SIGTERM', 'alone', 'PostgreSQL is being made'],
  ['SIGKILL', 'alone', 'a system runs'],
] as const;
/** Half a minute of CPU more: each signal at the other moment as well. */
const MORE = [
  ['SIGKILL', 'with its group', 'PostgreSQL is being made'],
  ['SIGINT', 'alone', 'a system runs'],
  ['SIGTERM', 'with its group', 'a system runs'],
] as const;

describe('a run of tests that is aborted leaves no process and no folder after 30 s', () => {
  for (const [signal, whom, moment] of process.env.ABORTED_RUNS === 'all' ? [...CASES, ...MORE] : CASES) {
    itUnless(process.platform !== 'linux' && 'needs /proc', `by ${signal} ${whom} while ${moment}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'task-chain-aborted-'));
      chmodSync(folder, 0o755);
      const mark = `/task-chain-mark-${randomUUID()}`;
      const run = start(folder, mark);
      const ended = once(run, 'exit');
      try {
        let seen = ofRun(mark);
        for (; run.exitCode === null && !MOMENTS[moment]!(seen); seen = ofRun(mark)) await delay(100);
        expect(run.exitCode).toBeNull();
        process.kill(whom === 'alone' ? run.pid! : -run.pid!, signal);
        const clusters = clustersOf(seen);
        expect(clusters).toHaveLength(1);
        const left = (): string[] => [
          ...ofRun(mark, seen).map(({ command }) => command),
          ...readdirSync(folder),
          ...clusters.filter((cluster) => existsSync(cluster)),
        ];
        for (const until = performance.now() + 30_000; performance.now() < until && left().length > 0;)
          await delay(100);
        expect(left()).toEqual([]);
      } finally {
        run.kill('SIGKILL');
        await ended;
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});

/** The folders of the tests' clusters, which may lie in memory and not below TMPDIR. */
function clustersOf(all: readonly Process[]): string[] {
  return [...new Set(all.flatMap(({ command }) => /\/\S*\/task-chain-test-\w+/.exec(command)?.[0] ?? []))];
}

/** Runs a real test file, as `npm test` does, with its PostgreSQL. */
function start(folder: string, mark: string): ChildProcess {
  const { TEST_DATABASE_URL: _, JEST_WORKER_ID: __, ...env } = process.env;
  const options = { cwd: ROOT, detached: true, stdio: 'ignore' } as const;
  const own = { PATH: `${env.PATH}:${mark}`, TMPDIR: folder };
  const args = [join(ROOT, 'tools', 'run.mjs'), 'test', 'test/integration/health.spec'];
  return guarded(() => spawn(process.execPath, args, { ...options, env: { ...env, ...own } }), 'KILL');
}

/**
 * What lives of a run: the processes with its mark in PATH, which is all that PostgreSQL has of the environment, their descendants,
 * since PostgreSQL's backends write over their environment, and those that were `known` before.
 */
function ofRun(mark: string, known: readonly Process[] = []): Process[] {
  const all = readdirSync('/proc').flatMap((pid) => processOf(pid, mark));
  const isKnown = ({ pid, birth }: Process): boolean => known.some((each) => each.pid === pid && each.birth === birth);
  const found = new Map(all.filter((each) => each.isMarked || isKnown(each)).map((each) => [each.pid, each]));
  for (let size = -1; size < found.size;) {
    size = found.size;
    for (const each of all) if (found.has(each.parent)) found.set(each.pid, each);
  }
  return [...found.values()];
}

/** None for a name in /proc that is no process, or one that has ended. */
function processOf(name: string, mark: string): (Process & { readonly isMarked: boolean })[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    const read = (file: string): string => readFileSync(`/proc/${name}/${file}`, 'latin1');
    const [state, parent, ...rest] = read('stat').split(') ').at(-1)!.split(' ');
    if (state === 'Z') return [];
    const command = read('cmdline').replaceAll('\0', ' ');
    const isMarked = read('environ').includes(mark);
    return [{ pid: Number(name), parent: Number(parent), birth: rest[17]!, command, isMarked }];
  } catch {
    return [];
  }
}
