import type { InsertResult, UpdateResult } from 'typeorm';

/** What RETURNING gave: columns by their names, as the pool parses them. */
export function rowsOf<Row>(result: InsertResult | UpdateResult): Row[] {
  return result.raw as Row[];
}
