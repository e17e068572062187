import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Programs of one test file. Give `skip` to `itUnless`: false, or why there are none. */
export interface DebianPrograms {
  /** How to call a program: its name where it is installed, else its path. */
  path(program: string): string;
  readonly skip: false | string;
  remove(): void;
}

const run = promisify(execFile);

/**
 * Programs that are installed, or those of Debian's package of this name, unpacked into a temporary folder: that needs
 * no root, but apt's lists, which root brings up to date where they are missing. Where they cannot be had, `skip` says why.
 */
export async function findDebianPrograms(name: string, programs: readonly string[]): Promise<DebianPrograms> {
  const installed = { path: (program: string) => program, skip: false, remove: () => {} } as const;
  if ((await Promise.all(programs.map(runs))).every(Boolean)) return installed;
  const { root, skip, remove } = await unpackDebianPackage(name);
  return skip ? { ...installed, skip } : { path: (program) => join(root, 'usr/bin', program), skip, remove };
}

/** Debian's package of this name, unpacked into `root`; `skip` says why it could not be had. */
export async function unpackDebianPackage(
  name: string,
): Promise<{ readonly root: string; readonly skip: false | string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), `task-chain-${name}-`));
  const root = join(folder, 'root');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    await download(folder, name);
    const archive = readdirSync(folder).find((file) => file.endsWith('.deb'))!;
    mkdirSync(root);
    await run('dpkg-deb', ['-x', join(folder, archive), root]);
    return { root, skip: false, remove };
  } catch (error) {
    remove();
    const why = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || (error as Error).message;
    return { root, skip: `no ${name}, and Debian's package could not be had: ${why}`, remove };
  }
}

async function download(folder: string, name: string): Promise<void> {
  // apt drops its rights for a download, and says so where it cannot write as its own user.
  chmodSync(folder, 0o777);
  try {
    await apt(folder, 'download', name);
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await apt(folder, 'update');
    await apt(folder, 'download', name);
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
