import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
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

/** Where a party's ledger lies. */
export const ledgerFile = (root: string): string => join(root, OWNER_FOLDER, 'ledger.jsonl');

/**
 * The party's own memory, in its folder: `.party/ledger.jsonl`, one JSON object per line, only ever appended to. Lines are
 * short, so that a file system appends each as a whole; a line that a crash or a full disk cut off is ignored.
 */
export class PartyLedger {
  private readonly path: string;

  constructor(private readonly root: string) {
    this.path = ledgerFile(root);
  }

  async read(): Promise<Ledger> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const uses = new Map<string, LedgerEntry>();
    const serials = new Map<string, number>();
    const openings = new Map<string, OpeningEntry>();
    for (const line of text.split('\n')) {
      const entry = parse(line);
      if (entry?.kind === 'use') uses.set(entry.id, entry);
      if (entry?.kind === 'void') {
        uses.delete(entry.id);
        openings.delete(entry.id);
      }
      if (entry?.kind === 'open') openings.set(entry.id, entry);
      if (entry?.kind === 'serial') {
        serials.set(entry.subject, Math.max(entry.serial, serials.get(entry.subject) ?? 0));
      }
    }
    return { uses: [...uses.values()], serials, openings: [...openings.values()] };
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
