import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { PROJECT } from './project.js';
import type { Shell } from './shell.js';

/** The address of `npm start` while it does not say another. */
const DEFAULT_URL = 'http://127.0.0.1:3000';

/** What `npm start` runs on this machine: its address while it runs, and the key that it made. */
interface LocalSystem {
  readonly url: string;
  readonly token: string | undefined;
}

/** As `npm start` left it in its data folder: DATA_DIR of the environment or of the project's `.env`, or `.data`. */
export function localSystem(env: Shell['env']): LocalSystem {
  const set = env['DATA_DIR'] || parseEnv(textOf(join(PROJECT, '.env')) ?? '')['DATA_DIR'];
  const folder = resolve(PROJECT, set || '.data');
  return { url: textOf(join(folder, 'url')) || DEFAULT_URL, token: textOf(join(folder, 'api-key')) };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
