import type { ParamFault } from '../contract/task-type.js';
import { MAX_EXPRESSION_LENGTH, readExpression } from './read-expression.js';
import type { Type } from './value.js';

/** The schema of an expression in `task_config`. */
export const expressionText = (description: string) =>
  ({ type: 'string', minLength: 1, maxLength: MAX_EXPRESSION_LENGTH, description }) as const;

/** What is wrong with the text of an expression, if it is no reference. */
export function expressionFaults(pointer: string, text: string, wanted?: Type): ParamFault[] {
  if (text.includes('${')) return [];
  const read = readExpression(text, wanted);
  return typeof read === 'string' ? [{ pointer, message: `is no expression: ${read}` }] : [];
}
