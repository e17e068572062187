import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { quietly, ROOT } from './steps.js';

const GENERATOR = 'openapi-python-client==0.29.1';
const ENVIRONMENT = join(ROOT, '.cache', 'python-client');
const BIN = join(ENVIRONMENT, process.platform === 'win32' ? 'Scripts' : 'bin');
const PYTHON_CLIENT = join(ROOT, 'clients', 'python');

/**
 * Makes the Python client from openapi.json by a generator that it installs into .cache/. Writes the client into `folder`: a package to install, or with `meta` none the module alone. Returns the Python that has
 * what it needs. Rejects where there is no Python with venv, or the generator cannot be installed.
 */
export async function generatePythonClient(folder = join(PYTHON_CLIENT, 'dist'), meta = 'setup'): Promise<string> {
  const generator = join(BIN, 'openapi-python-client');
  if (!existsSync(generator)) {
    await quietly('python3', ['-m', 'venv', ENVIRONMENT]);
    await quietly(join(BIN, 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', GENERATOR]);
  }
  const config = join(PYTHON_CLIENT, 'openapi-python-client.yaml');
  const input = ['--path', join(ROOT, 'openapi.json'), '--config', config];
  const output = ['--output-path', folder, '--overwrite', '--meta', meta, '--fail-on-warning'];
  await quietly(generator, ['generate', ...input, ...output]);
  return join(BIN, 'python');
}
