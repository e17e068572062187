import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';

/** What the processes of one party may take together. */
export interface GroupLimits {
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly tasks: number;
}

/** Names a group, followed by the process that made it. */
const PREFIX = 'party-';
const REMOVE_EVERY_MS = 50;
const REMOVE_TRIES = 100;

/**
 * A cgroup (v2) of one party's process and of all that it starts, beside the one of this process. The kernel counts memory and
 * processes of the group as a whole, and ends them all at once, also those that left their process group.
 */
export class PartyGroup {
  private constructor(private readonly folder: string) {}

  /**
   * Makes a group where this process may: its own cgroup lies in one that is delegated to it and has no processes, as systemd does for
   * `Delegate=memory pids` with `DelegateSubgroup=`. What the delegation does not include is not bounded. Undefined elsewhere, such as in most
   * containers.
   */
  static make({ memoryBytes, tasks }: GroupLimits, root = mountOf(), own = ownPath()): PartyGroup | undefined {
    if (root === undefined || own === undefined || own === '/') return undefined;
    const parent = join(root, dirname(own));
    const folder = join(parent, `${PREFIX}${process.pid}-${randomUUID()}`);
    try {
      if (readFileSync(join(parent, 'cgroup.procs'), 'latin1') !== '') return undefined;
      accessSync(join(parent, 'cgroup.subtree_control'), constants.W_OK);
      removeLeft(parent);
      const controllers = wordsOf(join(parent, 'cgroup.controllers')).filter(
        (name) => name === 'memory' || name === 'pids',
      );
      if (controllers.length > 0) {
        writeFileSync(join(parent, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
      }
      mkdirSync(folder);
      const group = new PartyGroup(folder);
      if (controllers.includes('memory')) {
        group.set('memory.max', memoryBytes);
        group.set('memory.oom.group', 1);
      }
      if (controllers.includes('pids')) group.set('pids.max', tasks);
      return group;
    } catch {
      return undefined;
    }
  }

  /** Takes a process in, with what it will start. */
  add(pid: number): void {
    this.trySet('cgroup.procs', pid);
  }

  /** Whether the kernel ended the group for its memory. */
  wasFull(): boolean {
    const events = this.read('memory.events');
    return /^oom(_group)?_kill [1-9]/m.test(events);
  }

  /** Ends all of its processes and removes it once they are gone. */
  end(): void {
    this.trySet('cgroup.kill', 1);
    let left = REMOVE_TRIES;
    const timer = setInterval(() => {
      try {
        rmdirSync(this.folder);
      } catch {
        if ((left -= 1) > 0) return; // A process of it is still being ended.
      }
      clearInterval(timer);
    }, REMOVE_EVERY_MS).unref();
  }

  private read(name: string): string {
    try {
      return readFileSync(join(this.folder, name), 'latin1');
    } catch {
      return '';
    }
  }

  private set(name: string, value: number): void {
    writeFileSync(join(this.folder, name), String(value));
  }

  /** A kernel before 5.14 has no cgroup.kill, and a process may have ended already. */
  private trySet(name: string, value: number): void {
    try {
      this.set(name, value);
    } catch {
      // The process group and the watch over the memory bound it all the same.
    }
  }
}

/** Removes the groups of processes that have ended. One with processes stays. */
function removeLeft(parent: string): void {
  for (const name of readdirSync(parent)) {
    const maker = Number(/^party-(\d+)-/.exec(name)?.[1]);
    if (Number.isNaN(maker) || existsSync(`/proc/${maker}`)) continue;
    try {
      rmdirSync(join(parent, name));
    } catch {
      // Somebody else has removed it, or a process of it is still being ended.
    }
  }
}

const wordsOf = (path: string): string[] => readFileSync(path, 'latin1').trim().split(/\s+/);

/** Where cgroup v2 is mounted. */
function mountOf(): string | undefined {
  try {
    const lines = readFileSync('/proc/self/mounts', 'latin1').split('\n');
    return lines.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1];
  } catch {
    return undefined;
  }
}

/** The cgroup of this process, below the mount. */
function ownPath(): string | undefined {
  try {
    return /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}
