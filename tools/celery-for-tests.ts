import { join } from 'node:path';
import { findPython, makeEnvironment, TEST_ENGINES } from './python-environment.js';
import { Refusal, ROOT } from './steps.js';

/** Those that the engine `celery` is tested with: the design's, and the newest. */
const VERSIONS = ['5.2.7', '5.7.0'];
const PYTHONS = ['3.11', '3.10'];

/** Makes the environments of Celery workers for tests, where they are not there yet. Returns why there are none. */
export async function prepareCelery(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'their packages are pinned for Linux on x86_64';
  const found = await findPython(PYTHONS);
  if (found === undefined) return 'there is no Python 3.11 or 3.10 with venv';
  try {
    for (const version of VERSIONS) {
      await makeEnvironment({
        what: `Celery ${version}`,
        target: join(TEST_ENGINES, `celery-${version}`),
        python: found.path,
        lock: join(ROOT, 'engines/celery', `requirements-${version}.lock`),
        probe: `import celery, kombu.transport.redis; assert celery.__version__ == "${version}"`,
      });
    }
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? error.message : 'their environments could not be made';
  }
}
