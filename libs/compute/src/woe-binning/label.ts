import { TaskFailure } from '../contract/task-type.js';
import type { Where } from '../table/column-faults.js';
import { isMissing, toNumber } from '../table/csv-reader.js';
import type { Counts } from './woe.js';

/** A label of two values on its way over the rows. */
export class BinaryLabel {
  private readonly values = new Set<string>();
  private positives = new Uint32Array(1024);
  private rows = 0;
  private readonly positive: number | undefined;

  constructor(
    private readonly where: Where,
    private readonly column: string,
    private readonly positiveText: string,
  ) {
    this.positive = toNumber(positiveText);
  }

  /** Throws TaskFailure LABEL_NOT_BINARY for a missing value and for a third one. */
  observe(field: string): void {
    this.rows += 1;
    if (this.positives.length < this.rows) {
      const longer = new Uint32Array(2 * this.positives.length);
      longer.set(this.positives);
      this.positives = longer;
    }
    if (isMissing(field)) throw this.failure('LABEL_NOT_BINARY', `is missing in data row ${this.rows}`);
    const number = toNumber(field);
    this.values.add(number === undefined ? field : String(number));
    if (this.values.size > 2) throw this.failure('LABEL_NOT_BINARY', 'has more than two values');
    const isPositive = number === undefined ? field === this.positiveText : number === this.positive;
    if (isPositive) this.positives[this.rows - 1] = 1;
  }

  /** 1 for each positive row. Throws TaskFailure GROUP_TOO_SMALL where a class has under `least` rows. */
  finish(least: number): { readonly positives: Uint32Array; readonly total: Counts } {
    const positives = this.positives.subarray(0, this.rows);
    const count = positives.reduce((sum, each) => sum + each, 0);
    const total = { positives: count, negatives: this.rows - count };
    if (Math.min(total.positives, total.negatives) >= least) return { positives, total };
    // Also where it has no row that is positive: else it would say whether all labels are equal.
    const why = `has under ${least} rows that are positive_label, or under ${least} that are not`;
    throw this.failure('GROUP_TOO_SMALL', `${why}; counts would show them`, { min_rows: least });
  }

  private failure(code: string, why: string, details = {}): TaskFailure {
    const { party, label } = this.where;
    const message = `Party ${party}: label ${JSON.stringify(this.column)} of ${label} ${why}.`;
    return new TaskFailure(code, message, false, { party, column: this.column, ...details });
  }
}
