import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Why tests of SPU are skipped where there is none. */
export const NO_SPU = 'npm run verify -- --engines runs it where it finds Python 3.11 or 3.10, and packages';

const ENGINES = join(homedir(), '.cache/task-chain/engines');
const isWanted = process.env['TEST_ENGINES'] === '1';

/** The Python of an environment with this version of SPU, which `npm run verify` has made beside all clones. */
export function anySpuPython(version: string): string | undefined {
  const cached = ['cp311', 'cp310'].map((tag) => join(ENGINES, `spu-${version}-${tag}`, 'bin/python'));
  return cached.find((path) => existsSync(path));
}

/** The same for tests that take minutes: `npm run verify -- --engines` alone runs them. */
export const findSpuPython = (version: string): string | undefined => (isWanted ? anySpuPython(version) : undefined);

/** The Python of an environment with this version of SecretFlow's components, likewise. */
export function findComponentsPython(version: string): string | undefined {
  const path = join(ENGINES, `secretflow-lite-${version}-cp310`, 'bin/python');
  return isWanted && existsSync(path) ? path : undefined;
}
