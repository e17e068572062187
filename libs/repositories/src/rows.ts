import type { InsertResult, UpdateResult } from 'typeorm';

/** The rows of RETURNING: columns by name, as the pool parses them. */
export function rowsOf<Row>(result: InsertResult | UpdateResult): Row[] {
  return result.raw as Row[];
}
