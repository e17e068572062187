import type { JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import type { BoxPlot, Section } from './section.js';
import { gridOf, isNumber, listOf, notesOf, rowFigures, textOf } from './tables.js';
import { labelOf, type Words } from './words.js';

/** Boxes beyond which a plot would be taller than it is read. */
const MAX_BOXES = 40;

/** Statistics of the columns: a table, and a box for each column on its own scale. */
export function statisticsSection(taskId: string, result: JsonObject, statistics: JsonObject, words: Words): Section {
  const suppressed = Object.entries(isObject(result.suppressed) ? result.suppressed : {}).flatMap(([party, names]) =>
    listOf(names).map((name) => `${party}.${textOf(name)}`),
  );
  const notes = [
    ...notesOf(result, 'statistics', words),
    ...(suppressed.length > 0 ? [`${words.suppressed} ${suppressed.join(', ')}`] : []),
  ];
  const boxes = boxPlot(statistics, words);
  return {
    taskId,
    kind: 'statistics',
    title: words.statistics,
    notes,
    figures: rowFigures(result, words),
    charts: boxes ? [boxes] : [],
    tables: [gridOf(withoutHistograms(statistics), words.statistics, words, (name) => labelOf(name, words))],
  };
}

/** A histogram has no place in a cell. */
const withoutHistograms = (statistics: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(statistics).map(([name, column]) => {
      if (!isObject(column)) return [name, column];
      const { histogram: _, ...figures } = column;
      return [name, figures];
    }),
  );

/**
 * Quartiles between two deviations below and above the mean, since columns have different units; constant columns have no box. Where the
 * quartiles lie beyond, the ends do.
 */
function boxPlot(statistics: JsonObject, words: Words): BoxPlot | undefined {
  const drawn = Object.entries(statistics)
    .flatMap(([name, column]) => {
      if (!isObject(column)) return [];
      const { mean, std, '25%': first, '50%': second, '75%': third } = column;
      if (![mean, std, first, second, third].every(isNumber)) return [];
      const [quartiles, m, s] = [[first, second, third] as number[], mean as number, std as number];
      const [low, high] = [Math.min(quartiles[0]!, m - 2 * s), Math.max(quartiles[2]!, m + 2 * s)];
      const values = [low, ...quartiles, high];
      const share = (value: number): number => (value - low) / (high - low);
      return high > low ? [{ name, box: values.map(share) as [number, number, number, number, number] }] : [];
    })
    .slice(0, MAX_BOXES);
  if (drawn.length === 0) return undefined;
  return {
    caption: words.quartiles,
    kind: 'box',
    value: { name: words.share_of_range, min: 0, max: 1 },
    names: drawn.map(({ name }) => name),
    boxes: drawn.map(({ box }) => box),
  };
}
