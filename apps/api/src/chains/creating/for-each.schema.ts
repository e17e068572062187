import { MAX_TASKS } from '#libs/dag-planner';

const items = {
  type: ['string', 'array'],
  items: {},
  pattern: '^\\$\\{[^}]+\\}$',
  maxItems: MAX_TASKS,
  description:
    'The list: written out, or ${params.<name>.<path>} or ${tasks.<task_id>.result.<path>}, whose value is a list.',
  examples: ['${params.parties}', ['alice', 'bob']],
} as const;

/** Runs a task once for each item of a list. */
export const forEach = {
  type: ['string', 'array', 'object'],
  // Any JSON: generators of clients refuse a list that says nothing of its items.
  items: {},
  pattern: items.pattern,
  maxItems: MAX_TASKS,
  required: ['items'],
  additionalProperties: false,
  description:
    'Runs the task once for each item of a list, side by side: task_params may hold ${item}, ${item.<path>} and ${index}. The instances are called <task_id>[0], <task_id>[1], …; the task itself succeeds after them, and its result is the list of their results in order (null where there is none). A list of the chain is stored written out; one out of a result becomes a chain of its instances when the task starts.',
  examples: ['${params.parties}', { items: '${params.parties}', max_parallel: 2, at_least: 0.8 }],
  properties: {
    items,
    key: {
      type: 'string',
      pattern: '^\\$\\{item(?:[.[][^}]*)?\\}$',
      maxLength: 256,
      description:
        'What an instance is called by in place of its index: a text of letters, digits and . _ - or a whole number, of each item another one.',
      examples: ['${item.name}'],
    },
    batch: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_TASKS,
      description: 'Gives each instance so many items at once: ${item} is a list then.',
      examples: [10],
    },
    max_items: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_TASKS,
      description: 'A list of more items is refused; 100 for a list out of a result, unless you say otherwise.',
      examples: [100],
    },
    max_parallel: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_TASKS,
      description: 'Maximum number of instances that are sent or running at once.',
      examples: [2],
    },
    at_least: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: MAX_TASKS,
      description:
        'How many instances must succeed: a number, or a share of them if it is below 1. Failures beside them do not fail the chain. Default: none may fail.',
      examples: [2, 0.8],
    },
  },
} as const;
