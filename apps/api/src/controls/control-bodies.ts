import { MAX_TASKS } from '#libs/dag-planner';
import { priority, taskId } from '../chains/creating/create-chain.schema.js';

const note = {
  type: 'string',
  minLength: 1,
  maxLength: 2_000,
  description: "The reason. It is kept with the event in the chain's history.",
  examples: ['the input was wrong, see ticket A-17'],
} as const;
const common = {
  dry_run: {
    type: 'boolean',
    default: false,
    description:
      'true: a dry run, which returns exactly what would be done and does nothing. Also accepted in the query.',
    examples: [true],
  },
  note,
} as const;
const body = (description: string, example: object, properties: object = {}, required: string[] = []) =>
  ({
    type: 'object',
    additionalProperties: false,
    description,
    examples: [example],
    required,
    properties: { ...properties, ...common },
  }) as const;

/** Bodies of the control calls, as JSON Schemas: what they are checked against and what the description shows. */
export const plainBody = body('All fields are optional.', { note: 'maintenance', dry_run: true });

export const retryBody = body(
  'Without `from`: all tasks that failed, were cancelled or skipped. All fields are optional.',
  { from: ['psi'], include_downstream: true },
  {
    from: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_TASKS,
      items: { ...taskId, description: 'A task to run again.', examples: ['psi'] },
      description: 'The tasks to run again, whatever their outcome.',
      examples: [['psi']],
    },
    include_downstream: {
      type: 'boolean',
      default: true,
      description: 'With `from`: also run all tasks that depend on these.',
      examples: [true],
    },
  },
);

export const retryTaskBody = body(
  'All fields are optional.',
  { include_downstream: false },
  {
    include_downstream: {
      type: 'boolean',
      default: true,
      description: 'Also run all tasks that depend on it.',
      examples: [true],
    },
  },
);

export const priorityBody = body('The new priority.', { priority: 'high' }, { priority }, ['priority']);

export const skipBody = body('Why the task is skipped.', { note: 'not needed for this run' }, {}, ['note']);

export const resolveBody = body(
  'The result of the task, and the reason.',
  { result: { intersection_count: 540 }, note: 'computed by hand' },
  {
    result: {
      description: 'The result as a worker would return it: at most 64 KiB of JSON and 32 levels deep.',
      examples: [{ intersection_count: 540 }],
    },
  },
  ['result', 'note'],
);

const filter = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'The same parameters as the query of GET /chains.',
  examples: [{ status: 'FAILURE', created_from: '2026-01-31T00:00:00Z' }],
  properties: Object.fromEntries(
    ['status', 'chain_type', 'created_by', 'task_type', 'q', 'created_from', 'created_to'].map((name) => [
      name,
      { type: 'string', minLength: 1, maxLength: 255 },
    ]),
  ),
} as const;

export const MAX_BULK = 1_000;
export const DEFAULT_PER_SECOND = 50;

export const bulkBody = body(
  'The chains, by `ids` or `filter`. A filter without a status selects the chains on which the action has an effect.',
  { filter: { status: 'FAILURE', task_type: 'psi' }, limit: 200, dry_run: true },
  {
    ids: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_BULK,
      items: { type: 'string', minLength: 1, maxLength: 64, description: 'The id of a chain.' },
      description: 'The chains, in this order.',
      examples: [['chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11']],
    },
    filter,
    limit: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_BULK,
      default: MAX_BULK,
      description: 'Maximum number of chains in one call; `next_cursor` continues.',
      examples: [200],
    },
    max_per_second: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000,
      default: DEFAULT_PER_SECOND,
      description: 'For resume and retry: maximum number of chains per second, so that the workers are not flooded.',
      examples: [50],
    },
    cursor: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'The `next_cursor` of the previous call, with the same ids or filter.',
    },
  },
);
