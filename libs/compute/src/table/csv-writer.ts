import type { OutputRequest } from '../party/output-files.js';
import type { PartyContext } from '../party/party-program.js';
import type { TableWriter } from './table.js';

const CSV = 'text/csv; charset=utf-8';

/** One row as CSV text ended by LF (RFC 4180 quoting). */
export function csvRow(fields: readonly string[]): string {
  // An empty field alone in its row would be an empty line, which readers skip.
  if (fields.length === 1 && fields[0] === '') return '""\n';
  let text = '';
  for (let i = 0; i < fields.length; i += 1) {
    const field = fields[i]!;
    text += (i === 0 ? '' : ',') + (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  }
  return `${text}\n`;
}

/** Starts a CSV table with its header row: UTF-8 without BOM, LF, quotes only where needed. */
export async function writeCsv(
  context: PartyContext,
  request: Omit<OutputRequest, 'mediaType'>,
  columns: readonly string[],
): Promise<TableWriter> {
  const output = await context.createOutput({ ...request, mediaType: CSV });
  await output.write(csvRow(columns));
  return {
    reference: output.reference,
    rows: (batch) => output.write(batch.map(csvRow).join('')),
    text: (chunk) => output.write(chunk),
    finish: async () => void (await output.finish()),
  };
}
