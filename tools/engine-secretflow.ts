import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadEnvFile, readConfig } from '#libs/platform';
import { Refusal, ROOT, run } from './steps.js';

/** An environment: what is in it, and what it is good for. */
interface Kind {
  /** What of it is looked at, and its version. */
  readonly name: string;
  readonly version: string;
  /** The first part of its folder's name. */
  readonly folder: string;
  /** Versions of Python that there are builds for, the better first. */
  readonly pythons: readonly string[];
  /** Names the list of packages. */
  readonly lock: string;
  /** Prints the version, where all of it loads. */
  readonly probe: string;
  /** The setting that it is for. */
  readonly setting: string;
}

const SPU: Kind = {
  ...{ name: 'SPU', version: '0.9.5', folder: 'spu', pythons: ['3.11', '3.10'], lock: 'requirements' },
  probe: 'import spu, spu.psi; print(spu.__version__)',
  setting: 'SECRETFLOW_PYTHON',
};
const COMPONENTS: Kind = {
  ...{ name: 'secretflow-lite', version: '1.13.0b0', folder: 'secretflow-lite', pythons: ['3.10'] },
  lock: 'requirements-components',
  probe: `import importlib.metadata as m, secretflow.component.core; print(m.version('secretflow-lite'))`,
  setting: 'SECRETFLOW_COMPONENTS_PYTHON',
};
const KINDS = [SPU, COMPONENTS];
/** For all packages together, on a slow network. */
const MOST_SECONDS = 300;

/**
 * Makes a virtual environment with SPU from packages whose hashes are pinned, below the data folder, and prints how to set the engine up. `--components` makes one
 * with SecretFlow's components beside it. `--wheels DIR` takes the packages from there, without a network; `--remove` removes the environments again.
 */
export async function engineSecretflow(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      components: { type: 'boolean', default: false },
      wheels: { type: 'string' },
      remove: { type: 'boolean', default: false },
    },
  });
  loadEnvFile();
  const folder = join(readConfig().dataDir, 'engines');
  if (values.remove) return removeAll(folder);
  for (const kind of values.components ? KINDS : [SPU])
    process.stdout.write(`${kind.setting}=${await makeEnvironment(kind, folder, values.wheels)}\n`);
}

/** Where tests keep an environment: made once, beside no clone. */
export const TEST_ENGINES = join(homedir(), '.cache', 'task-chain', 'engines');

/** The Python of an environment for tests, or why there is none. Made within a few minutes, or not at all. */
export async function environmentForTests(
  what: 'spu' | 'components' = 'spu',
): Promise<{ readonly python: string } | { readonly why: string }> {
  try {
    return { python: await makeEnvironment(what === 'spu' ? SPU : COMPONENTS, TEST_ENGINES) };
  } catch (error) {
    return { why: error instanceof Refusal ? error.message : 'its environment could not be made' };
  }
}

/** The Python of the environment, which is made where it is not there yet. Throws Refusal where this machine cannot have one. */
async function makeEnvironment(kind: Kind, folder: string, wheels?: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Refusal(`${kind.name} is built for Linux on x86_64 alone.`);
  const { path, version } = await findPython(kind);
  const target = environment(kind, folder, version);
  const python = join(target, 'bin', 'python');
  if (existsSync(python) && (await isWhole(kind, python))) return python;
  const lock = join(ROOT, 'engines/secretflow', `${kind.lock}-${tagOf(version)}.lock`);
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
    if (!(await isWhole(kind, python))) throw new Refusal(`${python} cannot load ${kind.name} ${kind.version}.`);
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
  return python;
}

const tagOf = (version: string): string => `cp${version.replace('.', '')}`;
const environment = (kind: Kind, folder: string, version: string): string =>
  join(folder, `${kind.folder}-${kind.version}-${tagOf(version)}`);

function removeAll(folder: string): void {
  for (const kind of KINDS)
    for (const version of kind.pythons) rmSync(environment(kind, folder, version), { recursive: true, force: true });
  process.stdout.write(
    `removed: take ${KINDS.map(({ setting }) => setting).join(' and ')} out of the settings as well\n`,
  );
}

/** Runs a program to its end, if that comes in time. */
async function done(command: string, ...args: readonly string[]): Promise<void> {
  const { code, output } = await run('timeout', [String(MOST_SECONDS), command, ...args], { capture: true });
  if (code === 0) return;
  const why = code === 124 ? `no end within ${MOST_SECONDS} s` : (output.trim().split('\n').at(-1) ?? '');
  throw new Refusal(`${[command, ...args.slice(0, 3)].join(' ')} failed: ${why}`);
}

async function isWhole({ probe, version }: Kind, python: string): Promise<boolean> {
  const { code, output } = await run(python, ['-I', '-c', probe], { capture: true });
  return code === 0 && output.trim().endsWith(version);
}

/** A Python of a version that there are builds for, with venv. */
async function findPython({ name, pythons }: Kind): Promise<{ readonly path: string; readonly version: string }> {
  for (const version of pythons) {
    for (const path of [`python${version}`, ...pyenvPythons(version), 'python3']) {
      const probe = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
      const said = await run(path, ['-I', '-c', probe], { capture: true }).catch(() => undefined);
      if (said?.code === 0 && said.output.trim() === version) return { path, version };
    }
  }
  const [best] = pythons;
  throw new Refusal(
    `there is no Python ${pythons.join(' or ')} with venv for ${name}: install one, such as python${best} and python${best}-venv.`,
  );
}

/** pyenv has a program of every version that answers for those that are chosen alone. */
function pyenvPythons(version: string): string[] {
  const folder = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const all = existsSync(folder) ? readdirSync(folder) : [];
  return all.filter((name) => name.startsWith(`${version}.`)).map((name) => join(folder, name, 'bin', 'python'));
}
