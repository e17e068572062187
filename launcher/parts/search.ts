import { open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { withConnection } from '#libs/local-postgres';
import { Haystack, NeedleIndex, type Needles } from './canaries.js';

/** What was found in one place. */
export interface Searched {
  readonly where: string;
  readonly bytes: number;
  readonly found: ReadonlySet<string>;
  /** Why it was not looked at. */
  readonly skipped?: string;
}

const PIECE_BYTES = 4 * 1024 * 1024;

/** Looks for needles in files, in a database, and in the memory of processes. */
export class Search {
  private readonly index: NeedleIndex;

  constructor(needles: Needles) {
    this.index = new NeedleIndex(needles);
  }

  /** All files below these folders, but for those below `without`. */
  async files(where: string, folders: readonly string[], without: readonly string[] = []): Promise<Searched> {
    const stack = new Haystack(this.index);
    for (const folder of new Set(folders)) await this.folder(folder, without, stack);
    return { where, ...stack };
  }

  private async folder(folder: string, without: readonly string[], stack: Haystack): Promise<void> {
    if (without.includes(folder)) return;
    // What a running system writes may be gone by now.
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await this.folder(path, without, stack);
      else if (entry.isFile()) await this.file(path, stack);
    }
  }

  private async file(path: string, stack: Haystack): Promise<void> {
    const file = await open(path).catch(() => undefined);
    if (file === undefined) return;
    try {
      for (let at = 0, read = -1; read !== 0; at += read) read = await take(file, at, PIECE_BYTES, stack);
      stack.cut();
    } finally {
      await file.close();
    }
  }

  /** Every row of every table, as text: what PostgreSQL compresses is so in its files. */
  async database(where: string, url: string): Promise<Searched> {
    const stack = new Haystack(this.index);
    await withConnection(url, async (client) => {
      const { rows: tables } = await client.query<{ name: string }>(
        `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
          WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
      );
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
        for (const { row } of rows) stack.take(Buffer.from(row));
        stack.cut();
      }
    });
    return { where, ...stack };
  }

  /** All memory of a process that it can read, its heap included. On Linux; other systems do not show it. */
  async memory(where: string, pid: number): Promise<Searched> {
    const stack = new Haystack(this.index);
    try {
      const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
      const memory = await open(`/proc/${pid}/mem`);
      try {
        for (const line of maps.split('\n')) {
          const [, from, to, rights, path = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)$/.exec(line) ?? [];
          // What is mapped of files and not written is what the files are: programs and libraries.
          if (from === undefined || !rights!.startsWith('r') || /^\[v/.test(path)) continue;
          if (path.startsWith('/') && rights![1] !== 'w') continue;
          const end = Number.parseInt(to!, 16);
          for (let at = Number.parseInt(from, 16), read = 0; at < end; at += read || PIECE_BYTES) {
            // A region that the system does not give is none of the process's own.
            read = await take(memory, at, Math.min(PIECE_BYTES, end - at), stack).catch(() => 0);
            if (read === 0) stack.cut();
          }
          stack.cut();
        }
      } finally {
        await memory.close();
      }
      return { where, ...stack };
    } catch (error) {
      return { where, bytes: 0, found: new Set(), skipped: (error as NodeJS.ErrnoException).code ?? 'unknown' };
    }
  }
}

/** Reads a piece, and returns how much that was. */
async function take(file: FileHandle, at: number, bytes: number, stack: Haystack): Promise<number> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, at);
  stack.take(buffer.subarray(0, bytesRead));
  return bytesRead;
}
