import type { AllowedScript } from '../contract/task-type.js';
import type { Account } from '../party/start-guarded.js';

/** bubblewrap, which starts a command in namespaces of the kernel. */
export const BWRAP = '/usr/bin/bwrap';

/** The folder in which a confined command starts. */
const HOME = '/task';
/** What programs of the system need. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64'];
const SETTINGS = ['/etc/alternatives', '/etc/ld.so.cache', '/etc/localtime', '/etc/passwd'];
/** What programs that call others need. */
const NETWORK = ['/etc/hosts', '/etc/nsswitch.conf', '/etc/resolv.conf', '/etc/ssl'];

/** The folders of a run, below one: copies of tables, what the command writes, and its temporary files. */
export const FOLDERS = { in: 'in', out: 'out', tmp: 'tmp' } as const;

/**
 * A command that confines another: of files it sees the programs of the system and `reads`, read-only, and the folders of the run; of processes
 * its own; and no network. `folder` is absent to try whether this works here. Of the rights of root it keeps those to become `account`.
 */
export function confine(
  bwrap: string,
  { reads, network }: Pick<AllowedScript, 'reads' | 'network'>,
  account: Account | undefined,
  folder?: string,
): string[] {
  const seen = (paths: readonly string[]): string[] => paths.flatMap((path) => ['--ro-bind-try', path, path]);
  const own =
    folder === undefined
      ? []
      : [
          ...['--ro-bind', `${folder}/${FOLDERS.in}`, `${HOME}/in`],
          ...['--bind', `${folder}/${FOLDERS.out}`, `${HOME}/out`],
          ...['--bind', `${folder}/${FOLDERS.tmp}`, '/tmp'],
          ...['--bind', `${folder}/${FOLDERS.tmp}`, '/dev/shm'],
        ];
  return [
    ...[bwrap, '--die-with-parent', '--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try'],
    ...(network ? [] : ['--unshare-net']),
    ...['--cap-drop', 'ALL', ...(account ? ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID'] : [])],
    ...seen([...SYSTEM, ...SETTINGS, ...(network ? NETWORK : [])]),
    ...['--dev', '/dev', '--proc', '/proc', '--perms', '0755', '--dir', HOME],
    ...own,
    ...seen(reads), // Last, as one may lie in /tmp.
    ...['--remount-ro', '/dev', '--remount-ro', '/proc', '--remount-ro', '/', '--chdir', HOME, '--'],
  ];
}
