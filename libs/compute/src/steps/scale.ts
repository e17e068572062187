import { isMissing, toNumber } from '../table/csv-reader.js';
import type { Json } from '../contract/task-type.js';
import type { NumericColumn } from '../table/numeric-finder.js';
import type { Accumulator } from '../table/accumulators.js';
import { castFailed } from '../table/column-faults.js';
import type { RunningStep, StepStart } from './step.js';

/** value -> (value - shift) * factor + offset */
export interface Scale {
  readonly shift: number;
  readonly factor: number;
  readonly offset: number;
}

/** The part of a step that the scalers share: a linear map of each column, gaps left as they are. */
export function scaling<A extends Accumulator>(
  start: StepStart,
  found: () => readonly NumericColumn<A>[],
  scaleOf: (values: A) => Scale,
): Pick<RunningStep, 'finish' | 'columns' | 'apply' | 'touched' | 'rules'> {
  let scales: (Scale & { index: number; name: string })[] = [];
  return {
    finish() {
      scales = found()
        .filter(({ values }) => values.count > 0)
        .map(({ index, name, values }) => ({ index, name, ...scaleOf(values) }));
    },
    columns: () => start.columns,
    apply(row, rowNumber) {
      for (const { index, name, shift, factor, offset } of scales) {
        const field = row[index]!;
        if (isMissing(field)) continue;
        const value = toNumber(field);
        if (value === undefined) throw castFailed(start.where, name, rowNumber);
        row[index] = String((value - shift) * factor + offset);
      }
      return row;
    },
    touched: () => scales.map(({ name }) => name),
    rules: (): Json =>
      Object.fromEntries(scales.map(({ name, shift, factor, offset }) => [name, { shift, factor, offset }])),
  };
}
