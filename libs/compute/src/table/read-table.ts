import { TaskFailure } from '../contract/task-type.js';
import type { InputFile } from '../party/input-files.js';
import { readCsv, toNumber } from './csv-reader.js';
import type { Table } from './table.js';

/**
 * Opens a table and reads its columns: Parquet where the file begins as one, else CSV (csv-reader.ts, parquet-reader.ts). A
 * reader that comes to the end of a file which was written to meanwhile throws INPUT_CHANGED. Throws NO_HEADER
 * for a CSV file whose first row is a row of numbers.
 */
export async function readTable(party: string, input: InputFile): Promise<Table> {
  const opened = await stateOf(input);
  const parquet = await isParquet(input);
  const table = parquet
    ? await (await import('./parquet-reader.js')).readParquet(party, input)
    : await readCsv(party, input);
  if (!parquet && table.columns.every((column) => toNumber(column) !== undefined)) {
    // The names of columns reach the other parties: a row of data must not be taken for them.
    const message = `Party ${party}: ${input.label} has numbers alone in its first row; put a header row with names above them.`;
    throw new TaskFailure('NO_HEADER', message);
  }
  const refuseChange = async (): Promise<void> => {
    if ((await stateOf(input)) === opened) return;
    throw new TaskFailure('INPUT_CHANGED', `Party ${party}: ${input.label} changed while it was read.`, true, {
      party,
    });
  };
  return {
    ...table,
    async *batches() {
      try {
        yield* table.batches();
      } catch (error) {
        // A table that looks broken may be half of a new one.
        await refuseChange();
        throw error;
      }
      await refuseChange();
    },
  };
}

/** Whether a file begins as Parquet. */
export async function isParquet({ handle }: InputFile): Promise<boolean> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
  return bytesRead === 4 && ['PAR1', 'PARE'].includes(buffer.toString('latin1'));
}

async function stateOf({ handle }: InputFile): Promise<string> {
  const { size, mtimeNs } = await handle.stat({ bigint: true });
  return `${size} ${mtimeNs}`;
}
