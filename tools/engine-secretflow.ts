import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadEnvFile, readConfig } from '#libs/platform';
import { writeComponentList } from './component-list.js';
import { findPython, makeEnvironment as make, TEST_ENGINES } from './python-environment.js';
import { Refusal, ROOT } from './steps.js';

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
  /** Sets `version`, where all of it loads. */
  readonly probe: string;
  /** The setting that it is for. */
  readonly setting: string;
}

const SPU: Kind = {
  ...{ name: 'SPU', version: '0.9.5', folder: 'spu', pythons: ['3.11', '3.10'], lock: 'requirements' },
  probe: 'import spu, spu.psi; version = spu.__version__',
  setting: 'SECRETFLOW_PYTHON',
};
const COMPONENTS: Kind = {
  ...{ name: 'secretflow-lite', version: '1.13.0b0', folder: 'secretflow-lite', pythons: ['3.10'] },
  lock: 'requirements-components',
  probe: `import importlib.metadata as m, secretflow.component.core; version = m.version('secretflow-lite')`,
  setting: 'SECRETFLOW_COMPONENTS_PYTHON',
};
const KINDS = [SPU, COMPONENTS];
/** Up to 1.7 GB come over a network that may be slow, and nobody waits for a test. */
const MOST_SECONDS = 3_600;

/**
 * Makes a virtual environment with SPU from packages whose hashes are pinned, below the data folder, and prints how to set the engine up. `--components` makes one
 * with SecretFlow's components beside it, and `--list` writes the list of these anew. `--wheels DIR` takes the packages from there, without a network; `--remove` removes the environments again.
 */
export async function engineSecretflow(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      components: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      wheels: { type: 'string' },
      remove: { type: 'boolean', default: false },
    },
  });
  loadEnvFile();
  const folder = join(readConfig().dataDir, 'engines');
  if (values.remove) return removeAll(folder);
  if (values.list) return writeComponentList(await makeEnvironment(COMPONENTS, TEST_ENGINES, values.wheels));
  for (const kind of values.components ? KINDS : [SPU])
    process.stdout.write(`${kind.setting}=${await makeEnvironment(kind, folder, values.wheels, MOST_SECONDS)}\n`);
}

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
async function makeEnvironment(kind: Kind, folder: string, wheels?: string, mostSeconds?: number): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Refusal(`${kind.name} is built for Linux on x86_64 alone.`);
  const { name, version, pythons, lock, probe } = kind;
  const found = await findPython(pythons);
  if (found === undefined) {
    const [best] = pythons;
    throw new Refusal(
      `there is no Python ${pythons.join(' or ')} with venv for ${name}: install one, such as python${best} and python${best}-venv.`,
    );
  }
  return make({
    what: `${name} ${version}`,
    target: environment(kind, folder, found.version),
    python: found.path,
    lock: join(ROOT, 'engines/secretflow', `${lock}-${tagOf(found.version)}.lock`),
    probe: `${probe}; assert version == ${JSON.stringify(version)}`,
    ...{ wheels, mostSeconds },
  });
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
