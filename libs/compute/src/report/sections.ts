import type { Json } from '../contract/task-type.js';
import { comparisonSections } from './comparison-section.js';
import { correlationSection, vifSection } from './correlation-section.js';
import { encryptionSection, isEncryption } from './encryption-section.js';
import { evaluationSection } from './evaluation-section.js';
import { isObject } from './headline.js';
import { intersectionSection } from './intersection-section.js';
import { columnsKey, preparationSection } from './preparation-section.js';
import type { Section } from './section.js';
import { statisticsSection } from './statistics-section.js';
import { listOf, pathTable } from './tables.js';
import { isTraining, trainingSection } from './training-section.js';
import type { Words } from './words.js';

/** The sections of all results, in their order; after them what compares several. */
export function allSections(inputs: readonly (readonly [taskId: string, result: Json])[], words: Words): Section[] {
  const shown = inputs.filter(([, result]) => result !== null);
  return [
    ...shown.flatMap(([taskId, result]) => sectionsOf(taskId, result, words)),
    ...comparisonSections(shown, words),
  ];
}

/**
 * The sections of one result. A result is known by the keys that its type promises (task catalogue); what is not known
 * becomes a table of its keys. Nothing is trusted: a key of the wrong shape only makes the section plainer.
 */
function sectionsOf(taskId: string, result: Json, words: Words): Section[] {
  if (!isObject(result)) return [otherSection(taskId, result, words)];
  const sections: Section[] = [];
  const add = (section: Section): void => void sections.push(section);
  const { reports, statistics, joint, correlation_matrix: matrix, vif_values: vif, metrics } = result;
  const steps = columnsKey(result);
  if (Array.isArray(reports) && 'intersection_count' in result) {
    add(intersectionSection(taskId, result, listOf(reports), words));
  }
  if (steps !== undefined) add(preparationSection(taskId, result, steps, words));
  if (isObject(statistics)) add(statisticsSection(taskId, result, statistics, words));
  if (isObject(joint) && isObject(joint.statistics)) add(statisticsSection(taskId, joint, joint.statistics, words));
  if (isObject(matrix)) add(correlationSection(taskId, result, matrix, words));
  if (isObject(vif)) add(vifSection(taskId, result, vif, words));
  if (isTraining(result)) add(trainingSection(taskId, result, words));
  if (isEncryption(result)) add(encryptionSection(taskId, result, words));
  if (isObject(metrics) || Array.isArray(result.buckets)) add(evaluationSection(taskId, result, words));
  return sections.length > 0 ? sections : [otherSection(taskId, result, words)];
}

function otherSection(taskId: string, result: Json, words: Words): Section {
  const tables = [pathTable(result, words.other, words)];
  return { taskId, kind: 'other', title: words.other, figures: [], charts: [], tables };
}
