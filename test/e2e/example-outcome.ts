import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';

/** A task's result, of which each check knows the shape. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Result = any;

/** What an example has left: its results, the files behind them, and the tables that it started from. */
export class ExampleOutcome {
  constructor(
    readonly results: Readonly<Record<string, Result>>,
    private readonly folders: { readonly dataRoot: string; readonly artifactRoot: string },
  ) {}

  /** Bytes behind a reference to an artifact. */
  artifact(reference: string): Buffer {
    return readFileSync(join(this.folders.artifactRoot, reference.slice('artifact:'.length)));
  }

  json(reference: string): Result {
    return JSON.parse(this.artifact(reference).toString());
  }

  /** A column of the table behind a reference to an artifact. */
  column(reference: string, column: string): string[] {
    return columnOf(this.artifact(reference), column);
  }

  /** A column of the party's table that a task wrote. */
  written(taskId: string, party: string, column: string): string[] {
    return this.column(this.results[taskId].output_paths[party], column);
  }

  /** A column of a table as the example brings it. */
  given(party: string, file: string, column: string): string[] {
    return columnOf(this.table(party, file), column);
  }

  /** A table as the example brings it. */
  table(party: string, file: string): Buffer {
    return readFileSync(join(this.folders.dataRoot, party, file));
  }

  /** Names of the columns of a table that a task wrote. */
  columns(taskId: string, party: string): string[] {
    return (parse(this.artifact(this.results[taskId].output_paths[party]), { to: 1 }) as string[][])[0]!;
  }
}

function columnOf(csv: Buffer, column: string): string[] {
  return (parse(csv, { columns: true }) as Record<string, string>[]).map((row) => row[column]!);
}

export const numbers = (fields: readonly string[]): number[] => fields.filter((field) => field !== '').map(Number);
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The private key of the recipient in the examples. */
export function exampleKey(): string {
  const file = new URL('../../../examples/encrypted-delivery/example-key.txt', import.meta.url);
  return /^AGE-SECRET-KEY-1.*$/m.exec(readFileSync(file, 'utf8'))![0];
}

/** How often each value is there. */
export function tally(fields: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const field of fields) counts[field] = (counts[field] ?? 0) + 1;
  return counts;
}
