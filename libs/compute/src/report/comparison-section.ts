import type { Json, JsonObject } from '../contract/task-type.js';
import { rocCurveOf } from './evaluation-section.js';
import { isObject } from './headline.js';
import type { AxisChart, Section } from './section.js';
import { cellOf, inReadingOrder, isNumber, shortened } from './tables.js';
import { labelOf, type Words } from './words.js';

/** The most curves in one plot that can be distinguished. */
const MAX_CURVES = 6;

interface Evaluation {
  readonly taskId: string;
  readonly result: JsonObject;
  readonly metrics: JsonObject;
}

/** Compares two or more evaluations of a kind: figures side by side, and ROC curves in one plot. */
export function comparisonSections(inputs: readonly (readonly [string, Json])[], words: Words): Section[] {
  const evaluations = inputs.flatMap(([taskId, result]) =>
    isObject(result) && isObject(result.metrics) ? [{ taskId, result, metrics: result.metrics }] : [],
  );
  const of = (metric: string): Evaluation[] => evaluations.filter(({ metrics }) => isNumber(metrics[metric]));
  return [of('auc'), of('mse')].flatMap((alike) => (alike.length < 2 ? [] : [comparisonSection(alike, words)]));
}

function comparisonSection(evaluations: readonly Evaluation[], words: Words): Section {
  const names = inReadingOrder([...new Set(evaluations.flatMap(({ metrics }) => Object.keys(metrics)))]);
  const table = {
    caption: words.comparison,
    columns: [words.task, ...names.map((name) => labelOf(name, words))],
    rows: evaluations.map(({ taskId, metrics }) => [taskId, ...names.map((name) => cellOf(metrics[name]))]),
  };
  return {
    taskId: evaluations.map(({ taskId }) => taskId).join(', '),
    kind: 'comparison',
    title: words.comparison,
    figures: [],
    charts: overlay(evaluations, words),
    tables: [shortened(table, words)],
  };
}

function overlay(evaluations: readonly Evaluation[], words: Words): AxisChart[] {
  const curves = evaluations
    .map(({ taskId, result }) => ({ taskId, roc: rocCurveOf(result) }))
    .filter(({ roc }) => roc.length > 1)
    .slice(0, MAX_CURVES);
  if (curves.length < 2) return [];
  return [
    {
      caption: words.roc,
      kind: 'line',
      x: { name: words.fpr, min: 0, max: 1 },
      y: { name: words.tpr, min: 0, max: 1 },
      series: curves.map(({ taskId, roc }) => ({
        name: taskId,
        points: roc.map(([fpr, tpr]) => [fpr, tpr] as const),
      })),
    },
  ];
}
