import type { JsonObject, TaskRunResult } from '../contract/task-type.js';
import type { PartyOutcomes } from '../party/run-parties.js';

/** What leaves a party that wrote a table. */
export interface WrittenTable {
  readonly output: string;
  /** In steps of the smallest group of rows that a figure may cover. */
  readonly rows: number;
}

/** What the parties of a run left, each with a value. */
export type WrittenOutcomes<Value> = Pick<PartyOutcomes<Value, unknown>, 'parties' | 'artifacts' | 'partyResults'>;

/** The result of a task that writes a table for each party: `output_paths` and `rows` by party. */
export function writtenResult({
  parties,
  artifacts,
  partyResults,
}: WrittenOutcomes<WrittenTable>): TaskRunResult & { readonly result: JsonObject } {
  const values = Object.entries(parties);
  return {
    result: {
      output_paths: Object.fromEntries(values.map(([party, { value }]) => [party, value.output])),
      rows: Object.fromEntries(values.map(([party, { value }]) => [party, value.rows])),
    },
    artifacts,
    partyResults,
  };
}
