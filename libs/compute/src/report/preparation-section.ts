import type { JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import type { Section } from './section.js';
import { listOf, rowFigures, shortened, textOf } from './tables.js';
import type { Words } from './words.js';

/** The key under which a step names the columns that it changed, or undefined where the result is not of a step. */
export function columnsKey(result: JsonObject): string | undefined {
  return Object.keys(result).find((key) => /^columns_\w+$/.test(key) && isObject(result[key]));
}

/** Filling, scaling, encoding and binning, by party and column. */
export function preparationSection(taskId: string, result: JsonObject, key: string, words: Words): Section {
  const named = words[key as keyof Words] ?? words.columns_touched;
  const columns = result[key] as JsonObject;
  const rows = Object.entries(columns).map(([party, names]) => [
    party,
    listOf(names).length,
    listOf(names).map(textOf).join(', '),
  ]);
  return {
    taskId,
    kind: 'preparation',
    title: words.preparation,
    figures: rowFigures(result, words),
    charts: [],
    tables: [shortened({ caption: named, columns: [words.party, words.count_of_columns, words.columns], rows }, words)],
  };
}
