import { CAST_TYPES, type CastRule } from '../rules/rule-types.js';
import type { StepKind } from './step.js';

/** Columns to fields of one type, as a table has them: a number as it is written first, and 1 or 0 for true or false. */
export const cast: StepKind<'cast'> = {
  op: 'cast',
  title: 'Types of columns',
  description:
    'Makes every field of a column one of a type: a number, a whole number, a boolean (1 or 0), or a text. A field that cannot become one fails the task, or becomes missing.',
  options: {
    to: {
      type: 'string',
      enum: CAST_TYPES,
      description: 'The type. true, false, 1 and 0 become boolean; a number with a fraction does not become integer.',
    },
    misfits: {
      type: 'string',
      enum: ['fail', 'missing'],
      default: 'fail',
      description: 'What becomes of a field that cannot become one of the type.',
    },
  },
  required: ['columns', 'to'],
  reads: false,
  resultKey: 'columns_cast',
  start({ columns, chosen, options }) {
    const rule = { kind: 'any', to: options.to, misfits: options.misfits ?? 'fail' } as Omit<CastRule, 'column'>;
    return { learn: () => ({ op: 'cast', columns: chosen!.map((at) => ({ column: columns[at]!, ...rule })) }) };
  },
};
