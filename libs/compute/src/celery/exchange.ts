import { constants } from 'node:fs';
import { chmod, chown, copyFile, lstat, mkdir, open, realpath, rm } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import { TaskFailure } from '../contract/task-type.js';
import type { Account } from '../party/start-guarded.js';
import { FILES } from '../secretflow/spu-files.js';

/** Beside the folders of the parties, whose names begin with a letter. */
export const EXCHANGE = '.celery';
/** A fleet may run as another user of the worker's group. */
const FOLDER_MODE = 0o2770;
const FILE_MODE = 0o660;
/** What a fleet writes is at most so much larger than what it got: quotes around each key. */
const MOST_GROWTH = 2;
const MOST_HEADER = 1_024;

/** Where the files of one task lie that a fleet reads and writes. */
export class Exchange {
  private readonly folder: string;

  constructor(
    /** As this process sees it, and as the fleet does. */
    private readonly roots: { readonly here: string; readonly there: string },
    readonly id: string,
  ) {
    this.folder = join(roots.here, EXCHANGE, id);
  }

  /** A party's file as the fleet sees it. */
  far(party: string, file: keyof typeof FILES): string {
    return posix.join(this.roots.there, EXCHANGE, this.id, party, FILES[file]);
  }

  /** Gives the fleet what the party has left for it. */
  async put(party: string, home: string): Promise<void> {
    const folder = join(this.folder, party);
    for (const each of [join(this.roots.here, EXCHANGE), this.folder, folder]) {
      await mkdir(each, { recursive: true });
      // Of an earlier run by another user it stays as it is.
      await chmod(each, FOLDER_MODE).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPERM') throw error;
      });
    }
    const target = join(folder, FILES.keys);
    await rm(target, { force: true });
    await copyFile(join(home, FILES.keys), target, constants.COPYFILE_EXCL);
    await chmod(target, FILE_MODE);
  }

  /** Gives the party what the fleet has written for it; nothing where there is nothing. Throws TaskFailure PROTOCOL_VIOLATION for what is no plain file of a possible size. */
  async take(party: string, home: string, account: Account | undefined): Promise<void> {
    const path = join(this.folder, party, FILES.found);
    const odd = (what: string): TaskFailure =>
      new TaskFailure('PROTOCOL_VIOLATION', `Party ${party}: what the fleet has written is ${what}.`);
    if ((await lstat(path).catch(() => undefined)) === undefined) return;
    const real = relative(await realpath(this.roots.here), await realpath(path));
    if (real !== [EXCHANGE, this.id, party, FILES.found].join(sep)) throw odd('elsewhere');
    const from = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const target = join(home, FILES.found);
    await rm(target, { force: true });
    const to = await open(target, 'wx', 0o600);
    try {
      const stats = await from.stat();
      const given = (await lstat(join(home, FILES.keys))).size;
      if (!stats.isFile()) throw odd('no file');
      if (stats.size > MOST_GROWTH * given + MOST_HEADER) throw odd('larger than what it got');
      for await (const part of from.createReadStream({ autoClose: false, end: Math.max(0, stats.size - 1) }))
        await to.write(part as Buffer);
    } finally {
      await from.close();
      await to.close();
    }
    if (account) await chown(target, account.uid, account.gid);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
