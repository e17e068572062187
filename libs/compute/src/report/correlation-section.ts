import type { Json, JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import type { AxisChart, Cell, HeatMap, Section, Table } from './section.js';
import { cellOf, gridOf, isNumber, notesOf, rowFigures, shortened, textOf } from './tables.js';
import { labelOf, type Words } from './words.js';

/** The most columns of a heat map whose cells can be distinguished. */
const MAX_HEAT = 60;
/** Columns of a matrix up to which it is a table as well; a larger one becomes a list of pairs. */
const MAX_TABLE = 12;
const MAX_PAIRS = 50;
const MAX_BARS = 40;

/** Correlations: a heat map, and the matrix or its strongest pairs as a table. */
export function correlationSection(taskId: string, result: JsonObject, matrix: JsonObject, words: Words): Section {
  const names = namesOf(matrix);
  const value = (row: string, column: string): Json | undefined => {
    const of = matrix[row];
    return isObject(of) ? of[column] : undefined;
  };
  const shown = names.slice(0, MAX_HEAT);
  const map: HeatMap = {
    caption: words.correlation_heat,
    kind: 'heat',
    names: shown,
    cells: shown.flatMap((row, y) =>
      shown.flatMap((column, x) => {
        const each = value(row, column);
        return isNumber(each) ? [[x, y, each] as const] : [];
      }),
    ),
  };
  const pairs = names.flatMap((row, at) =>
    names.slice(at + 1).flatMap((column) => {
      const each = value(row, column);
      return isNumber(each) ? [[each, row, column] as const] : [];
    }),
  );
  pairs.sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]));
  const table: Table = {
    caption: words.strongest_pairs,
    columns: [words.correlation, words.column, words.column],
    rows: pairs.slice(0, MAX_PAIRS),
  };
  const leftOut = Object.entries(isObject(result.not_correlated) ? result.not_correlated : {}).map(
    ([name, why]) => `${name} (${labelOf(textOf(why), words)})`,
  );
  return {
    taskId,
    kind: 'correlation',
    title: words.correlation,
    notes: [
      ...notesOf(result, 'correlation_matrix', words),
      ...(leftOut.length > 0 ? [`${words.not_correlated} ${leftOut.join(', ')}`] : []),
      ...(names.length > MAX_HEAT ? [words.heat_cut] : []),
    ],
    figures: rowFigures(result, words),
    charts: map.cells.length > 0 ? [map] : [],
    tables: [names.length > MAX_TABLE && pairs.length > 0 ? table : gridOf(matrix, words.correlation, words)],
  };
}

/** Variance inflation factors, largest first. */
export function vifSection(taskId: string, result: JsonObject, values: JsonObject, words: Words): Section {
  const sorted = Object.entries(values).sort(([, a], [, b]) => rank(b) - rank(a));
  const bars = sorted.flatMap(([name, value]) => (isNumber(value) ? [[name, value] as const] : [])).slice(0, MAX_BARS);
  const chart: AxisChart = {
    caption: words.vif,
    kind: 'bar',
    x: { name: words.vif, min: 0 },
    y: { name: '', categories: bars.map(([name]) => name), inverse: true },
    series: [{ name: words.vif, points: bars.map(([, value], at) => [value, at] as const) }],
  };
  const rows: (readonly [string, Cell])[] = sorted.map(([name, value]) => [name, cellOf(value)]);
  return {
    taskId,
    kind: 'correlation',
    title: words.vif,
    notes: [...notesOf(result, 'vif_values', words), words.vif_reading],
    figures: rowFigures(result, words),
    charts: bars.length > 0 ? [chart] : [],
    tables: [shortened({ caption: words.vif, columns: [words.column, words.vif], rows }, words)],
  };
}

/** The columns of a matrix, in the order of its rows. */
function namesOf(matrix: JsonObject): string[] {
  const columns = Object.values(matrix).flatMap((row) => (isObject(row) ? Object.keys(row) : []));
  return [...new Set([...Object.keys(matrix), ...columns])];
}

/** Sorts by number. Null, such as an infinite factor, comes first. */
function rank(value: Json): number {
  return isNumber(value) ? value : Number.POSITIVE_INFINITY;
}
