import type { DatasetDto } from '#client';

/** What a form knows of its surroundings. */
export interface Help {
  readonly parties: readonly string[];
  readonly datasets: readonly DatasetDto[];
  /** The whole of the task's parameters: the columns of the datasets that a party's part of it names are offered. */
  readonly params: unknown;
  readonly complete: (text: string) => readonly string[];
  /** The same for conditions that are asked once the task has ended: the fields with `x-condition`. */
  readonly condition?: (text: string) => readonly string[];
  /** What is wrong at a JSON pointer. */
  readonly faultAt: (pointer: string) => string | undefined;
}
