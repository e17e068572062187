import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadEnvFile, readConfig } from '#libs/platform';
import { Refusal, ROOT, run } from './steps.js';

const SPU = '0.9.5';
/** Versions of Python that there are builds of SPU for, the better first. */
const PYTHONS = ['3.11', '3.10'] as const;
/** For all packages together, on a slow network. */
const MOST_SECONDS = 300;

/**
 * Makes a virtual environment with SPU from packages whose hashes are pinned, below the data folder, and prints how to set the engine up. `--wheels DIR` takes the
 * packages from there, without a network; `--remove` removes the environments again.
 */
export async function engineSecretflow(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { wheels: { type: 'string' }, remove: { type: 'boolean', default: false } },
  });
  loadEnvFile();
  const folder = join(readConfig().dataDir, 'engines');
  if (values.remove) return removeAll(folder);
  const python = await makeEnvironment(folder, values.wheels);
  process.stdout.write(`SECRETFLOW_PYTHON=${python}\n`);
}

/** Where tests keep an environment: made once, beside no clone. */
export const TEST_ENGINES = join(homedir(), '.cache', 'task-chain', 'engines');

/** The Python of an environment for tests, or why there is none. Made within a few minutes, or not at all. */
export async function environmentForTests(): Promise<{ readonly python: string } | { readonly why: string }> {
  try {
    return { python: await makeEnvironment(TEST_ENGINES) };
  } catch (error) {
    return { why: error instanceof Refusal ? error.message : 'its environment could not be made' };
  }
}

/** The Python of the environment, which is made where it is not there yet. Throws Refusal where this machine cannot have one. */
async function makeEnvironment(folder: string, wheels?: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Refusal('SPU is built for Linux on x86_64 alone.');
  const { path, version } = await findPython();
  const target = environment(folder, version);
  const python = join(target, 'bin', 'python');
  if (existsSync(python) && (await isWhole(python))) return python;
  const lock = join(ROOT, 'engines/secretflow', `requirements-${tagOf(version)}.lock`);
  const from =
    wheels === undefined ? ['--timeout', '20', '--retries', '1'] : ['--no-index', '--find-links', resolve(wheels)];
  const pinned = [
    '--require-hashes',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--no-cache-dir',
    '--disable-pip-version-check',
  ];
  rmSync(target, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    await done(path, '-I', '-m', 'venv', target);
    await done(python, '-m', 'pip', 'install', ...pinned, ...from, '-r', lock);
    if (!(await isWhole(python))) throw new Refusal(`${python} cannot load SPU ${SPU}.`);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
  return python;
}

const tagOf = (version: string): string => `cp${version.replace('.', '')}`;
const environment = (folder: string, version: string): string => join(folder, `spu-${SPU}-${tagOf(version)}`);

function removeAll(folder: string): void {
  for (const version of PYTHONS) rmSync(environment(folder, version), { recursive: true, force: true });
  process.stdout.write('removed: take SECRETFLOW_PYTHON out of the settings as well\n');
}

/** Runs a program to its end, if that comes in time. */
async function done(command: string, ...args: readonly string[]): Promise<void> {
  const { code, output } = await run('timeout', [String(MOST_SECONDS), command, ...args], { capture: true });
  if (code === 0) return;
  const why = code === 124 ? `no end within ${MOST_SECONDS} s` : (output.trim().split('\n').at(-1) ?? '');
  throw new Refusal(`${[command, ...args.slice(0, 3)].join(' ')} failed: ${why}`);
}

async function isWhole(python: string): Promise<boolean> {
  const { code, output } = await run(python, ['-I', '-c', 'import spu, spu.psi; print(spu.__version__)'], {
    capture: true,
  });
  return code === 0 && output.trim().endsWith(SPU);
}

/** A Python of a version that SPU is built for, with venv. */
async function findPython(): Promise<{ readonly path: string; readonly version: string }> {
  for (const version of PYTHONS) {
    for (const path of [`python${version}`, ...pyenvPythons(version), 'python3']) {
      const probe = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
      const said = await run(path, ['-I', '-c', probe], { capture: true }).catch(() => undefined);
      if (said?.code === 0 && said.output.trim() === version) return { path, version };
    }
  }
  throw new Refusal('there is no Python 3.11 or 3.10 with venv: install one, such as python3.11 and python3.11-venv.');
}

/** pyenv has a program of every version that answers for those that are chosen alone. */
function pyenvPythons(version: string): string[] {
  const folder = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const all = existsSync(folder) ? readdirSync(folder) : [];
  return all.filter((name) => name.startsWith(`${version}.`)).map((name) => join(folder, name, 'bin', 'python'));
}
