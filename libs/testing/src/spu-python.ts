import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Why tests of SPU are skipped where there is none. */
export const NO_SPU = 'npm run verify -- --engines runs it where it finds Python 3.11 or 3.10, and packages';

const isWanted = process.env['TEST_ENGINES'] === '1';

/** The Python of an environment with this version of SPU, which `npm run verify -- --engines` has made beside all clones. Not without that, as they take a minute. */
export function findSpuPython(version: string): string | undefined {
  const cached = ['cp311', 'cp310'].map((tag) =>
    join(homedir(), '.cache/task-chain/engines', `spu-${version}-${tag}`, 'bin/python'),
  );
  return isWanted ? cached.find((path) => existsSync(path)) : undefined;
}

/** The Python of an environment with this version of SecretFlow's components, as above. */
export function findComponentsPython(version: string): string | undefined {
  const path = join(homedir(), '.cache/task-chain/engines', `secretflow-lite-${version}-cp310`, 'bin/python');
  return isWanted && existsSync(path) ? path : undefined;
}
