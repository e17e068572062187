import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Refusal, run } from './steps.js';

/** For all packages together: tests are skipped where it takes longer. */
const MOST_SECONDS = 300;

/** A virtual environment of packages whose hashes are pinned. */
export interface PinnedEnvironment {
  /** What it is for, in messages. */
  readonly what: string;
  readonly target: string;
  /** The interpreter that it is made with. */
  readonly python: string;
  /** A file of requirements. */
  readonly lock: string;
  /** Fails unless the environment is whole. */
  readonly probe: string;
  /** A folder to take the packages from, without a network. */
  readonly wheels?: string | undefined;
  /** By default a few minutes. */
  readonly mostSeconds?: number | undefined;
}

/** Where tests keep environments: made once, beside no clone. */
export const TEST_ENGINES = join(homedir(), '.cache', 'task-chain', 'engines');

/** The Python of the environment, which is made where it is not there yet. Throws Refusal where this machine cannot have it. */
export async function makeEnvironment({ what, target, lock, probe, ...from }: PinnedEnvironment): Promise<string> {
  const python = join(target, 'bin', 'python');
  if (existsSync(python) && (await isWhole(python, probe))) return python;
  const source =
    from.wheels === undefined
      ? ['--timeout', '20', '--retries', '1']
      : ['--no-index', '--find-links', resolve(from.wheels)];
  const pinned = [
    '--require-hashes',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--no-cache-dir',
    '--disable-pip-version-check',
  ];
  rmSync(target, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true });
  process.stderr.write(`makes ${what} in ${target}, which takes a minute or more\n`);
  const most = from.mostSeconds ?? MOST_SECONDS;
  try {
    await done(most, from.python, '-I', '-m', 'venv', target);
    await done(most, python, '-m', 'pip', 'install', ...pinned, ...source, '-r', lock);
    if (!(await isWhole(python, probe))) throw new Refusal(`${python} cannot load ${what}.`);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
  return python;
}

/** The first Python of these versions that has venv; undefined for none. */
export async function findPython(
  versions: readonly string[],
): Promise<{ readonly path: string; readonly version: string } | undefined> {
  for (const version of versions) {
    for (const path of [`python${version}`, ...pyenvPythons(version), 'python3']) {
      const probe = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
      const said = await run(path, ['-I', '-c', probe], { capture: true }).catch(() => undefined);
      if (said?.code === 0 && said.output.trim() === version) return { path, version };
    }
  }
  return undefined;
}

/** Runs a program to its end, if that comes in time. */
async function done(seconds: number, command: string, ...args: readonly string[]): Promise<void> {
  const { code, output } = await run('timeout', [String(seconds), command, ...args], { capture: true });
  if (code === 0) return;
  const why = code === 124 ? `no end within ${seconds} s` : (output.trim().split('\n').at(-1) ?? '');
  throw new Refusal(`${[command, ...args.slice(0, 3)].join(' ')} failed: ${why}`);
}

async function isWhole(python: string, probe: string): Promise<boolean> {
  return (await run(python, ['-I', '-c', probe], { capture: true })).code === 0;
}

/** pyenv has a program of every version that answers for those that are chosen alone. */
function pyenvPythons(version: string): string[] {
  const folder = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const all = existsSync(folder) ? readdirSync(folder) : [];
  return all.filter((name) => name.startsWith(`${version}.`)).map((name) => join(folder, name, 'bin', 'python'));
}
