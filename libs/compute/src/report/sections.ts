import type { Json, JsonObject } from '../task-type.js';
import { evaluationSection } from './evaluation-section.js';
import { isObject } from './headline.js';
import { inReadingOrder, type Cell, type Chart, type Section, type Table } from './section.js';
import { labelOf, type Words } from './words.js';

/** Rows of a table beyond which a page would not be read any more. */
const MAX_ROWS = 500;

/**
 * The sections of one result. A result is known by the keys that its type promises (task catalogue); what is not known
 * becomes a table of its keys. Nothing is trusted: a key of the wrong shape only makes the section plainer.
 */
export function sectionsOf(taskId: string, result: Json, words: Words): Section[] {
  if (!isObject(result)) return [otherSection(taskId, result, words)];
  const sections: Section[] = [];
  if (Array.isArray(result.reports) && typeof result.intersection_count === 'number') {
    sections.push(intersectionSection(taskId, result, result.reports, words));
  }
  if (isObject(result.statistics)) {
    const tables = [gridOf(result.statistics, words.statistics, words)];
    sections.push({
      taskId,
      kind: 'statistics',
      title: words.statistics,
      figures: rowFigures(result, words),
      charts: [],
      tables,
    });
  }
  for (const key of ['correlation_matrix', 'vif_values'] as const) {
    const value = result[key];
    if (!isObject(value)) continue;
    const tables = [gridOf(value, key, words)];
    sections.push({ taskId, kind: 'correlation', title: words.correlation, figures: [], charts: [], tables });
  }
  if (isObject(result.training_metrics)) sections.push(trainingSection(taskId, result.training_metrics, words));
  if (isObject(result.metrics)) sections.push(evaluationSection(taskId, result, result.metrics, words));
  return sections.length > 0 ? sections : [otherSection(taskId, result, words)];
}

function intersectionSection(taskId: string, result: JsonObject, reports: Json[], words: Words): Section {
  const parties = reports.filter(isObject);
  const names = parties.map(({ party }) => textOf(party));
  // -1 stands for what a party may not learn.
  const known = (value: Json | undefined): number | null => (typeof value === 'number' && value >= 0 ? value : null);
  const bars = (key: string): [number, number][] =>
    parties.flatMap((party, at) => (known(party[key]) === null ? [] : [[at, known(party[key])!] as [number, number]]));
  return {
    taskId,
    kind: 'intersection',
    title: words.intersection,
    figures: [
      [words.intersection_count, known(result.intersection_count)],
      [words.protocol, textOf(result.psi_protocol)],
    ],
    charts: [
      {
        caption: words.intersection,
        kind: 'bar',
        x: { name: words.party, categories: names },
        y: { name: words.rows, min: 0 },
        series: [
          { name: words.rows_of, points: bars('original_count') },
          { name: words.intersection_count, points: bars('intersection_count') },
        ],
      },
    ],
    tables: [
      {
        caption: words.intersection,
        columns: [words.party, words.rows_of, words.intersection_count],
        rows: parties.map((party, at) => [names[at]!, known(party.original_count), known(party.intersection_count)]),
      },
    ],
  };
}

function trainingSection(taskId: string, metrics: JsonObject, words: Words): Section {
  const losses = (Array.isArray(metrics.loss_by_epoch) ? metrics.loss_by_epoch : []).filter(
    (loss): loss is number => typeof loss === 'number',
  );
  const charts: Chart[] = [
    {
      caption: words.loss_by_epoch,
      kind: 'line',
      x: { name: words.epoch, min: 1, max: Math.max(2, losses.length) },
      y: { name: words.loss, min: 0 },
      series: [{ name: words.loss, points: losses.map((loss, epoch) => [epoch + 1, loss] as const) }],
    },
  ];
  const figures = Object.entries(metrics).flatMap(([key, value]) =>
    isCell(value) ? [[labelOf(key, words), value] as const] : [],
  );
  return {
    taskId,
    kind: 'training',
    title: words.training,
    figures,
    charts: losses.length > 1 ? charts : [],
    tables: [],
  };
}

function otherSection(taskId: string, result: Json, words: Words): Section {
  const rows: (readonly [string, Cell])[] = [];
  const walk = (path: string, value: Json): void => {
    if (isCell(value)) rows.push([path, value]);
    else if (Array.isArray(value)) value.forEach((each, at) => walk(`${path}[${at}]`, each));
    else for (const [key, each] of Object.entries(value)) walk(path === '' ? key : `${path}.${key}`, each);
  };
  walk('', result);
  const table = shortened({ caption: words.other, columns: [words.path, words.value], rows }, words);
  return { taskId, kind: 'other', title: words.other, figures: [], charts: [], tables: [table] };
}

/** `{row: {column: cell}}` as a grid, and `{row: cell}` as two columns. */
function gridOf(map: JsonObject, caption: string, words: Words): Table {
  const named = new Set(Object.values(map).flatMap((row) => (isObject(row) ? Object.keys(row) : [])));
  const columns = inReadingOrder([...named]);
  const cell = (value: Json | undefined): Cell =>
    value === undefined ? null : isCell(value) ? value : JSON.stringify(value);
  if (columns.length === 0) {
    const rows = Object.entries(map).map(([key, value]) => [key, cell(value)]);
    return shortened({ caption, columns: [words.column, words.value], rows }, words);
  }
  const rows = Object.entries(map).map(([key, row]) => [
    key,
    ...columns.map((column) => (isObject(row) ? cell(row[column]) : null)),
  ]);
  return shortened({ caption, columns: [words.column, ...columns], rows }, words);
}

function rowFigures(result: JsonObject, words: Words): (readonly [string, Cell])[] {
  if (!isObject(result.rows)) return [];
  return Object.entries(result.rows).flatMap(([party, rows]) =>
    isCell(rows) ? [[`${words.rows}, ${party}`, rows] as const] : [],
  );
}

function shortened(table: Table, words: Words): Table {
  if (table.rows.length <= MAX_ROWS) return table;
  return { ...table, caption: `${table.caption} (${words.shortened})`, rows: table.rows.slice(0, MAX_ROWS) };
}

function isCell(value: Json | undefined): value is Cell {
  return value !== undefined && (value === null || typeof value !== 'object');
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
