import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { OutputRequest } from '../party/output-files.js';
import type { PartyContext } from '../party/party-program.js';
import { readCsv } from './csv-reader.js';
import { csvRow } from './csv-writer.js';
import type { TableWriter } from './table.js';

const PARQUET = 'application/vnd.apache.parquet';
/** Fields that are encoded at a time: a row group has as many rows as these make. */
const GROUP_FIELDS = 1_000_000;
const BUFFER_BYTES = 256 * 1024;

type Kind = 'INT64' | 'DOUBLE' | 'STRING';

/**
 * Starts a Parquet table (Snappy). A column is INT64 or DOUBLE where each of its fields would be written the same way again,
 * else text; an empty field is null. So a table read from it is the table that was written.
 *
 * A column's type is known only after its last row, so the rows wait as CSV in a scratch file.
 */
export async function writeParquet(
  context: PartyContext,
  request: Omit<OutputRequest, 'mediaType'>,
  columns: readonly string[],
): Promise<TableWriter> {
  const output = await context.createOutput({ ...request, mediaType: PARQUET });
  const scratch = await context.createScratch();
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const flush = async (): Promise<void> => {
    await scratch.writeFile(Buffer.concat(held));
    held = [];
    heldBytes = 0;
  };
  const text = async (chunk: Uint8Array): Promise<void> => {
    held.push(chunk);
    heldBytes += chunk.byteLength;
    if (heldBytes >= BUFFER_BYTES) await flush();
  };
  await text(Buffer.from(csvRow(columns)));
  return {
    reference: output.reference,
    text,
    rows: (batch) => text(Buffer.from(batch.map(csvRow).join(''))),
    async finish() {
      await flush();
      const table = await readCsv(context.party, { label: output.reference, handle: scratch });
      const kinds: (Kind | undefined)[] = columns.map(() => undefined);
      for await (const batch of table.batches()) {
        for (const row of batch) row.forEach((field, at) => (kinds[at] = widened(kinds[at], field)));
      }
      await encode(
        table.batches(),
        columns,
        kinds.map((kind) => kind ?? 'STRING'),
        (bytes) => output.write(bytes),
      );
      await scratch.close();
      await output.finish();
    },
  };
}

async function encode(
  batches: AsyncIterable<string[][]>,
  columns: readonly string[],
  kinds: readonly Kind[],
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const bytes = new ByteWriter();
  const flush = async (): Promise<void> => {
    await write(bytes.getBytes());
    bytes.index = 0;
  };
  const schema = [
    { name: 'root', num_children: columns.length },
    ...columns.map((name, at) => ({ name, repetition_type: 'OPTIONAL' as const, ...typeOf(kinds[at]!) })),
  ];
  const writer = new ParquetWriter({ writer: Object.assign(bytes, { flush }), schema, createdBy: 'task-chain' });
  const groupRows = Math.max(1, Math.floor(GROUP_FIELDS / columns.length));
  let rows: string[][] = [];
  const group = async (): Promise<void> => {
    if (rows.length === 0) return;
    const columnData = columns.map((name, at) => ({ name, data: rows.map((row) => valueOf(row[at]!, kinds[at]!)) }));
    rows = [];
    await writer.write({ columnData, rowGroupSize: groupRows });
  };
  for await (const batch of batches) {
    for (const row of batch) if (rows.push(row) === groupRows) await group();
  }
  await group();
  await writer.finish();
  await flush();
}

/** The narrowest kind for what a column held before and this field. */
function widened(kind: Kind | undefined, field: string): Kind | undefined {
  if (kind === 'STRING' || field === '') return kind;
  if (kind !== 'DOUBLE' && /^(0|-?[1-9]\d{0,14})$/.test(field)) return 'INT64';
  const value = Number(field);
  return Number.isFinite(value) && String(value) === field ? 'DOUBLE' : 'STRING';
}

function typeOf(kind: Kind): { type: 'INT64' | 'DOUBLE' | 'BYTE_ARRAY'; converted_type?: 'UTF8' } {
  return kind === 'STRING' ? { type: 'BYTE_ARRAY', converted_type: 'UTF8' } : { type: kind };
}

function valueOf(field: string, kind: Kind): bigint | number | string | null {
  if (field === '') return null;
  return kind === 'STRING' ? field : kind === 'INT64' ? BigInt(field) : Number(field);
}
