import { spawnSync } from 'node:child_process';

/** Why the kernel of this machine does not bound what a process writes, by a version of Landlock: 1 has nearly all, 3 (Linux 6.2) the emptying of files. */
export function noLandlock(python: string, version: number): string | false {
  const ask = `import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < ${version})`;
  return (
    spawnSync(python, ['-I', '-c', ask]).status !== 0 &&
    `this Linux has no Landlock of version ${version}, or no Python`
  );
}
