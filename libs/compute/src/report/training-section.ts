import type { Json, JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import type { AxisChart, Section, Table } from './section.js';
import { figuresOf, isNumber, listOf, shortened, textOf, warningsOf } from './tables.js';
import { labelOf, type Words } from './words.js';

/** Facts of a result about a model besides `training_metrics`. */
const MODEL_FACTS = ['model', 'feature_count', 'rows', 'weighting', 'parties', 'lost_parties', 'receivers', 'rounds'];
const CHOICES = ['model', 'weighting', 'loss'];
const MAX_BARS = 30;

/** Whether a result is that of a model's training or merging. */
export function isTraining(result: JsonObject): boolean {
  return isObject(result.training_metrics) || (result.model_saved === true && isObject(result.model_paths));
}

/** The training of a model: figures, loss by epoch, weights, and the parties' files. */
export function trainingSection(taskId: string, result: JsonObject, words: Words): Section {
  const metrics = isObject(result.training_metrics) ? result.training_metrics : {};
  const facts = Object.fromEntries(
    MODEL_FACTS.flatMap((key) => (result[key] === undefined ? [] : [[key, joined(result[key])] as const])),
  );
  const importance = ['feature_importance', 'feature_importances'].flatMap((key) =>
    [result[key], metrics[key]].filter(isObject),
  );
  return {
    taskId,
    kind: 'training',
    title: words.training,
    notes: warningsOf(result, words),
    figures: figuresOf(worded({ ...metrics, ...facts }, words), words),
    charts: [...curves(metrics, words), ...importance.flatMap((each) => importanceChart(each, words))],
    tables: isObject(result.model_paths) ? [modelTable(result.model_paths, words)] : [],
  };
}

/** Each `<figure>_by_<step>` of two numbers or more, as `loss_by_epoch`. */
function curves(metrics: JsonObject, words: Words): AxisChart[] {
  return Object.entries(metrics).flatMap(([key, value]) => {
    const [figure, step] = key.split('_by_');
    const points = listOf(value).flatMap((each, at) => (isNumber(each) ? [[at + 1, each] as const] : []));
    if (step === undefined || points.length < 2) return [];
    return {
      caption: labelOf(key, words),
      kind: 'line',
      x: { name: labelOf(step, words), min: 1, max: points.at(-1)![0], whole: true },
      y: { name: labelOf(figure!, words), ...(points.every(([, each]) => each >= 0) && { min: 0 }) },
      series: [{ name: labelOf(figure!, words), points }],
    };
  });
}

function importanceChart(importance: JsonObject, words: Words): AxisChart[] {
  const sorted = Object.entries(importance)
    .flatMap(([name, value]) => (isNumber(value) ? [[name, value] as const] : []))
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
    .slice(0, MAX_BARS);
  if (sorted.length === 0) return [];
  return [
    {
      caption: words.feature_importance,
      kind: 'bar',
      x: { name: words.feature_importance },
      y: { name: '', categories: sorted.map(([name]) => name), inverse: true },
      series: [{ name: words.feature_importance, points: sorted.map(([, value], at) => [value, at] as const) }],
    },
  ];
}

function modelTable(paths: JsonObject, words: Words): Table {
  const rows = Object.entries(paths).map(([party, path]) => [party, textOf(joined(path))]);
  return shortened({ caption: words.models, columns: [words.party, words.file], rows }, words);
}

/** Choices, such as the kind of regression, in their words. */
function worded(facts: JsonObject, words: Words): JsonObject {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      CHOICES.includes(key) && typeof value === 'string' ? labelOf(value, words) : value,
    ]),
  );
}

/** A list as one text. */
function joined(value: Json | undefined): Json {
  return Array.isArray(value) ? value.map(textOf).join(', ') : (value ?? null);
}
