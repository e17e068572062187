import type { InputFile } from '../party/input-files.js';
import type { PartyContext } from '../party/party-program.js';
import { columnIndexes } from '../table/csv-reader.js';
import { numericBatches, runsOf, type NumericColumns, type RowRun } from '../table/numeric-columns.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import { featuresOf } from '../ss-lr/predict-on-shares.js';
import { sizeOf } from '../ss-lr/room.js';

/** A table to predict, in runs of rows. */
export interface RowRuns<Run extends RowRun = RowRun> {
  readonly rows: number;
  /** The exponent of the least power of two that no absolute value of a feature exceeds, 0 or more. */
  readonly size: number;
  runs(): AsyncIterable<Run> | Iterable<Run>;
}

/** A run of rows, with fields that are to stand beside the predictions. */
export interface KeptRun extends RowRun {
  readonly kept: readonly (readonly string[])[];
}

/** The first columns of a table in memory, in runs of `length` rows. */
export function runsInMemory(table: NumericColumns, features: readonly string[], length: number): RowRuns {
  return {
    rows: table.rows,
    get size() {
      return sizeOf(featuresOf(table, features.length), 0);
    },
    runs: () => runsOf(table, length),
  };
}

/** What to read of a table, and how many rows to hold at once. */
interface Wanted {
  readonly features: readonly string[];
  readonly keep: readonly string[];
  readonly length: number;
}

/** A table that is read twice, so that only a run of its rows is in memory: once to count and check it, then for the runs. */
export class TableRuns implements RowRuns<KeptRun> {
  private constructor(
    private readonly input: InputFile,
    private readonly table: Table,
    private readonly path: string,
    private readonly wanted: Wanted,
    readonly rows: number,
    readonly size: number,
  ) {}

  /**
   * Opens a table and reads all of it once. Throws TaskFailure COLUMN_NOT_FOUND, CAST_FAILED, and what opening the file throws. The caller
   * closes it.
   */
  static async open(
    context: PartyContext,
    path: string,
    wanted: Wanted,
    onRead: (fraction: number) => void,
  ): Promise<TableRuns> {
    const input = await context.openInput(path);
    try {
      const table = await readTable(context.party, input);
      columnIndexes(table, wanted.keep);
      let [rows, size] = [0, 0];
      for await (const batch of numericBatches(table, path, wanted.features)) {
        rows += batch.rows;
        size = Math.max(size, sizeOf(batch.values, 0));
        onRead(table.read());
      }
      return new TableRuns(input, table, path, wanted, rows, size);
    } catch (error) {
      await input.close();
      throw error;
    }
  }

  /** All but the last have `length` rows. Throws TaskFailure INPUT_CHANGED behind the last one where the file was written to meanwhile. */
  async *runs(): AsyncGenerator<KeptRun, void, undefined> {
    const { features, keep, length } = this.wanted;
    const places = columnIndexes(this.table, keep);
    const columns = features.length;
    let from = 0;
    let parts: Float64Array[] = [];
    let kept: string[][] = [];
    const run = (): KeptRun => {
      const values = new Float64Array(kept.length * columns);
      let at = 0;
      for (const part of parts) {
        values.set(part, at);
        at += part.length;
      }
      return { from, rows: kept.length, columns, values, kept };
    };
    for await (const batch of numericBatches(this.table, this.path, features)) {
      const counted = Math.min(batch.rows, this.rows - from - kept.length);
      for (let at = 0; at < counted;) {
        const end = Math.min(counted, at + length - kept.length);
        parts.push(batch.values.subarray(at * columns, end * columns));
        for (const fields of batch.fields.slice(at, end)) kept.push(places.map((place) => fields[place]!));
        at = end;
        if (kept.length < length) continue;
        yield run();
        from += length;
        [parts, kept] = [[], []];
      }
    }
    if (kept.length > 0) yield run();
  }

  close(): Promise<void> {
    return this.input.close();
  }
}
