import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The reference tool `age` of one test file. Give `skip` to node:test: false, or why there is none. */
export interface AgeTool {
  readonly age: string;
  readonly keygen: string;
  readonly skip: false | string;
  remove(): void;
}

const run = promisify(execFile);

/**
 * The `age` that is installed, or the one of Debian's package, unpacked into a temporary folder: that needs no root, but
 * apt's lists, which root brings up to date where they are missing. Where it cannot be had, `skip` says why.
 */
export async function findAgeTool(): Promise<AgeTool> {
  const installed = { age: 'age', keygen: 'age-keygen', skip: false, remove: () => {} } as const;
  if (await runs('age')) return installed;
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-age-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    await download(folder);
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'))!;
    const into = join(folder, 'root');
    mkdirSync(into);
    await run('dpkg-deb', ['-x', join(folder, archive), into]);
    const [age, keygen] = [join(into, 'usr/bin/age'), join(into, 'usr/bin/age-keygen')];
    return { age, keygen, skip: false, remove };
  } catch (error) {
    remove();
    const why = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || (error as Error).message;
    return { ...installed, skip: `no age, and Debian's package could not be had: ${why}` };
  }
}

async function download(folder: string): Promise<void> {
  // apt drops its rights for a download, and says so where it cannot write as its own user.
  chmodSync(folder, 0o777);
  try {
    await apt(folder, 'download', 'age');
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await apt(folder, 'update');
    await apt(folder, 'download', 'age');
  }
}

function apt(cwd: string, ...args: string[]): Promise<unknown> {
  return run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], { cwd, timeout: 180_000 });
}

function runs(program: string): Promise<boolean> {
  return run(program, ['--version']).then(
    () => true,
    () => false,
  );
}
