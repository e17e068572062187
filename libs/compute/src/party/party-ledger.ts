import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '#libs/consent';
import type { OpenedEntry } from '../contract/task-type.js';
import { OWNER_FOLDER } from './owner-folder.js';
import type { RowSet } from './row-sets.js';

/** What one run opens to others. */
export interface OpeningEntry extends OpenedEntry {
  /** `<chain_id>/<task_id>` */
  readonly task: string;
  readonly type: string;
  /** As in a use. */
  readonly use: string;
  /** The run that opened it. Absent in older notes. */
  readonly run?: string;
  /** Equal for the same figures of the same table, where they follow from it alone. */
  readonly own?: string;
  /** See `Opening` of the consent lib. */
  readonly codes?: Readonly<Record<string, number>>;
  readonly over?: number;
  /** Of the tables that the run has read, where they are known. */
  readonly rows?: readonly RowSet[];
  /** Set where the same again opens nothing more, though it is about rows that somebody else chose. */
  readonly same?: string;
}

/**
 * A use of datasets by a task, the serial of a statement that was seen, what a run is about to open, or a use or an opening that was
 * refused after all.
 */
type Line =
  | ({ readonly kind: 'use'; readonly id: string } & LedgerEntry)
  | { readonly kind: 'void'; readonly id: string }
  | ({ readonly kind: 'open' } & OpeningEntry)
  | { readonly kind: 'serial'; readonly subject: string; readonly serial: number };

/** What a party remembers of its datasets' uses and of its owner's statements. */
export interface Ledger {
  readonly uses: readonly LedgerEntry[];
  /** The highest serial seen, by subject of the statement: an older statement that is sent again no longer counts. */
  readonly serials: ReadonlyMap<string, number>;
  readonly openings: readonly OpeningEntry[];
}

/** What the lines of a ledger say, as far as they were read. */
class ReadLines {
  private readonly uses = new Map<string, LedgerEntry>();
  private readonly serials = new Map<string, number>();
  private readonly openings = new Map<string, OpeningEntry>();
  /** Of whole lines. */
  bytes = 0;
  /** With what follows them. */
  seen = 0;

  constructor(readonly ino: number) {}

  /** Takes what follows. The last line may not be whole yet: it is taken, and comes again with what follows it. */
  take(more: Buffer): void {
    for (const line of more.toString().split('\n')) {
      const entry = parse(line);
      if (entry?.kind === 'use') this.uses.set(entry.id, entry);
      if (entry?.kind === 'void') {
        this.uses.delete(entry.id);
        this.openings.delete(entry.id);
      }
      if (entry?.kind === 'open') this.openings.set(entry.id, entry);
      if (entry?.kind === 'serial') {
        this.serials.set(entry.subject, Math.max(entry.serial, this.serials.get(entry.subject) ?? 0));
      }
    }
    this.seen = this.bytes + more.length;
    this.bytes += more.lastIndexOf('\n') + 1;
  }

  get ledger(): Ledger {
    return { uses: [...this.uses.values()], serials: new Map(this.serials), openings: [...this.openings.values()] };
  }
}

/** Where a party's ledger lies. */
export const ledgerFile = (root: string): string => join(root, OWNER_FOLDER, 'ledger.jsonl');

/**
 * The party's own memory, in its folder: `.party/ledger.jsonl`, one JSON object per line, only ever appended to. Lines are
 * short, so that a file system appends each as a whole; a line that a crash or a full disk cut off is ignored.
 */
export class PartyLedger {
  private readonly path: string;
  private lines = new ReadLines(0);
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly root: string) {
    this.path = ledgerFile(root);
  }

  /** Reads on from where it stopped the last time: a run may count a thousand times, in a ledger of years. */
  read(): Promise<Ledger> {
    const read = this.last.then(() => this.readOn());
    this.last = read.catch(() => undefined);
    return read;
  }

  private async readOn(): Promise<Ledger> {
    const file = await open(this.path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    try {
      const { size, ino } = (await file?.stat()) ?? { size: 0, ino: 0 };
      if (ino !== this.lines.ino || size < this.lines.seen) this.lines = new ReadLines(ino);
      const { lines } = this;
      const more = Buffer.alloc(size - lines.bytes);
      let read = 0;
      while (file && read < more.length) {
        const { bytesRead } = await file.read(more, read, more.length - read, lines.bytes + read);
        if (bytesRead === 0) break;
        read += bytesRead;
      }
      lines.take(more.subarray(0, read));
      return lines.ledger;
    } finally {
      await file?.close();
    }
  }

  /** Appends and syncs to the disk: a use counts before the first byte of data is read. */
  async append(...lines: readonly Line[]): Promise<void> {
    if (lines.length === 0) return;
    const handle = await this.opened();
    try {
      // A first newline ends a line that a crash or a full disk cut off.
      await handle.appendFile(lines.map((line) => `\n${JSON.stringify(line)}`).join('') + '\n');
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  /** A party's process may write the ledger and `rows` in the folder and nothing else, which exists where the party has an owner. */
  private async opened(): Promise<FileHandle> {
    const attempt = (): Promise<FileHandle> => open(this.path, 'a', 0o600);
    return attempt().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(join(this.root, OWNER_FOLDER), { recursive: true });
      return attempt();
    });
  }
}

function parse(line: string): Line | undefined {
  if (line === '') return undefined;
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}
