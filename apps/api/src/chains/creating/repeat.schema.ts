import { condition } from './conditions.schema.js';

/** Turns of a task that runs a chain at most: each is a chain. */
const MAX_TURNS = 1_000;

/** Runs the chain of a task again and again. */
export const repeat = {
  type: 'object',
  additionalProperties: false,
  required: ['until', 'max'],
  description:
    'Runs the chain of a task of type chain in turns, until a condition on the outputs of the last turn holds. Each turn is another chain.',
  examples: [{ until: 'tasks.train.result.loss < 0.1', max: 20, carry: { start: 'model' } }],
  properties: {
    until: {
      ...condition,
      description:
        'A CEL expression on the outputs of the last turn, as the result of the task itself: tasks.<task_id>.result.<output>. Where it holds the task succeeds with these outputs; where it comes to an error the task fails.',
      examples: ['tasks.train.result.loss < 0.1'],
    },
    max: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_TURNS,
      description: 'Turns at most; then the task fails with TURNS_EXHAUSTED.',
      examples: [20],
    },
    delay: {
      type: 'number',
      minimum: 0,
      maximum: 86_400,
      default: 0,
      description: 'Seconds from the end of a turn to the next.',
      examples: [60],
    },
    carry: {
      type: 'object',
      maxProperties: 64,
      additionalProperties: { type: 'string', minLength: 1, maxLength: 64 },
      description:
        'By parameter of the chain: the output of a turn that the next one gets as its value. The first turn gets that of args, or the default.',
      examples: [{ start: 'model' }],
    },
  },
} as const;
