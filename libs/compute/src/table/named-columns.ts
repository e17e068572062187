import { TaskFailure, type Json } from '../contract/task-type.js';
import { isText, PeerMessage } from '../contract/peer-message.js';
import type { PartyContext } from '../party/party-program.js';
import { columnIndexes } from './csv-reader.js';
import type { Table } from './table.js';

/** Which columns a party works on. `everyParty` is a list for all parties, of which each takes those it has. */
export interface NamedColumns {
  readonly names: readonly string[];
  readonly everyParty: boolean;
}

/** This party's part of a `columns` parameter: a list, {party: list}, or nothing (null: the task chooses). */
export function namedColumns(columns: Json | undefined, party: string): NamedColumns | null {
  if (columns === undefined || columns === null) return null;
  if (Array.isArray(columns)) return { names: columns as string[], everyParty: true };
  return { names: (columns as Record<string, string[]>)[party] ?? [], everyParty: false };
}

/** Finds named columns in a table, and remembers those of a list for all parties that this table lacks. */
export class ColumnFinder {
  private readonly absent: string[][] = [];

  /** Positions of the named columns. Throws COLUMN_NOT_FOUND for a list that is this party's own. */
  find(table: Pick<Table, 'party' | 'label' | 'columns'>, named: NamedColumns, alone: boolean): number[] {
    if (!named.everyParty || alone) {
      this.absent.push([]);
      return columnIndexes(table, named.names);
    }
    this.absent.push(named.names.filter((name) => !table.columns.includes(name)));
    return named.names.map((name) => table.columns.indexOf(name)).filter((index) => index >= 0);
  }

  /**
   * Tells the other parties which columns were absent here, and fails when one was absent everywhere (COLUMN_NOT_FOUND).
   * Column names that the parameters hold already are all that crosses.
   */
  async agree(context: PartyContext): Promise<void> {
    if (context.peers.length === 0) return;
    for (const peer of context.peers) await context.send(peer, this.absent);
    let nowhere = this.absent;
    for (const peer of context.peers) {
      const theirs = absentFrom(peer, await context.receiveJson<unknown>(peer));
      nowhere = nowhere.map((names, at) => names.filter((name) => theirs[at]?.includes(name)));
    }
    const [missing] = nowhere.flat();
    if (missing === undefined) return;
    throw new TaskFailure('COLUMN_NOT_FOUND', `No party's table has a column ${JSON.stringify(missing)}.`, false, {
      column: missing,
    });
  }
}

const MAX_NAMES = 100_000;

/** The columns that a peer lacks, by step. Throws PROTOCOL_VIOLATION. */
export function absentFrom(peer: string, value: unknown): string[][] {
  const isNames = (item: unknown): item is string[] =>
    Array.isArray(item) && item.length <= MAX_NAMES && item.every((name) => isText(name, MAX_NAMES));
  return new PeerMessage(peer, { absent: value }).list('absent', MAX_NAMES, isNames);
}
