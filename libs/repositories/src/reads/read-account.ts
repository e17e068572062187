import { MINE, type Queryable } from '../database.js';
import type { Statement } from '../pool.js';

// SQL: aggregates.

/** What was opened of a dataset so far, all versions together. */
export interface OpenedSoFar {
  /** The most frequent first. */
  readonly types: readonly {
    readonly task_type: string;
    readonly openings: number;
    /** ISO 8601, of the newest. */
    readonly last_opened_at: string;
  }[];
  /** By column: bits of all figures. */
  readonly bits: Readonly<Record<string, number>>;
  /** By party: the sums of buckets that it might ask for. */
  readonly sums: Readonly<Record<string, number>>;
  readonly epsilon: number;
}

/** $1 party, $2 dataset. */
const account: Statement = {
  name: 'dataset-account',
  text: `
    WITH opened AS (SELECT task_type, opened_at, entry FROM openings
                     WHERE tenant_id = ${MINE} AND party = $1 AND dataset = $2)
    SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('task_type', task_type, 'openings', openings, 'last_opened_at', last)
                                      ORDER BY openings DESC, task_type), '[]')
              FROM (SELECT task_type, count(*) AS openings,
                           to_char(max(opened_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last
                      FROM opened GROUP BY task_type) AS by_type) AS types,
           (SELECT coalesce(jsonb_object_agg(key, bits), '{}')
              FROM (SELECT key, sum(value::numeric) AS bits FROM opened, jsonb_each_text(entry -> 'bits') GROUP BY key) AS by_column) AS bits,
           (SELECT coalesce(jsonb_object_agg(party, sums), '{}')
              FROM (SELECT party, sum((entry #>> '{counts,sums}')::numeric) AS sums
                      FROM opened, jsonb_array_elements_text(entry -> 'to') AS party
                     WHERE entry #> '{counts,sums}' IS NOT NULL GROUP BY party) AS by_party) AS sums,
           (SELECT coalesce(sum((entry ->> 'epsilon')::float8), 0) FROM opened) AS epsilon`,
};

/** What was opened of a dataset, by the copy of its party's ledger. */
export const readAccount = async (db: Queryable, party: string, dataset: string): Promise<OpenedSoFar> =>
  (await db.query<OpenedSoFar>(account, [party, dataset]))[0]!;
