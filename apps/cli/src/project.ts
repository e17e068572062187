import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXIT } from './exit-codes.js';
import { Failure } from './failure.js';
import type { Say } from './words.js';

/** The project's folder. Compiled, this file lies in dist/apps/cli/src. */
export const PROJECT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Runs one of the project's own commands with this terminal, and returns its exit code. Throws where the project is not here. */
export async function runProjectCommand(args: readonly string[], say: Say): Promise<number> {
  const script = join(PROJECT, 'tools', 'run.mjs');
  if (!existsSync(script)) {
    throw new Failure(EXIT.USAGE, say('{command} needs the folder of the project.', { command: args[0]! }), {
      hint: say('Clone it, and call the command there: npx task-chain {command}', { command: args.join(' ') }),
    });
  }
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child as well: it decides when to end.
  const wait = () => {};
  process.on('SIGINT', wait);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    });
  } finally {
    process.off('SIGINT', wait);
  }
}
