import type { OutputRequest } from '../party/output-files.js';
import type { PartyContext } from '../party/party-program.js';
import { writeCsv } from './csv-writer.js';
import type { TableWriter } from './table.js';

/** Starts a table: Parquet where the target's name ends in .parquet, else CSV. */
export async function writeTable(
  context: PartyContext,
  request: Omit<OutputRequest, 'mediaType'>,
  columns: readonly string[],
): Promise<TableWriter> {
  if (!/\.parquet$/i.test(request.target ?? request.name)) return writeCsv(context, request, columns);
  return (await import('./parquet-writer.js')).writeParquet(context, request, columns);
}
