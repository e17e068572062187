import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Where the first of `programs` is, each of which is also the name of its package: where none is there, root installs
 * Debian's package. Otherwise the reason why it is missing, for `itUnless`.
 */
export async function ensureProgram(programs: readonly string[]): Promise<{ path: string } | { reason: string }> {
  const path = onPath(programs);
  if (path) return { path };
  if (process.getuid?.() !== 0) {
    return { reason: `neither ${programs.join(' nor ')} is installed, and only root can do it` };
  }
  const failures: string[] = [];
  for (const update of [false, true]) {
    for (const program of programs) {
      try {
        if (update) await apt('update');
        await apt('install', '-y', '--no-install-recommends', program);
        const installed = onPath(programs);
        if (installed) return { path: installed };
      } catch (error) {
        failures.push((error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || (error as Error).message);
      }
    }
  }
  return { reason: `no ${programs.join(' or ')}, and it could not be installed: ${failures.at(-1)}` };
}

function apt(...args: string[]): Promise<unknown> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, timeout: 180_000 });
}

function onPath(programs: readonly string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
  const paths = programs.flatMap((program) => folders.filter(Boolean).map((folder) => join(folder, program)));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
