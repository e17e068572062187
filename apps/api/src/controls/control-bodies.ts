import { MAX_TASKS } from '#libs/dag-planner';
import { priority, taskId } from '../chains/creating/create-chain.schema.js';

const note = {
  type: 'string',
  minLength: 1,
  maxLength: 2_000,
  description: 'Why: kept with the event in the history of the chain.',
  examples: ['the input was wrong, see ticket A-17'],
} as const;
const common = {
  dry_run: {
    type: 'boolean',
    default: false,
    description: 'true tells exactly what would be done, and does nothing. May stand in the query instead.',
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
export const plainBody = body('All of it may be left out.', { note: 'maintenance', dry_run: true });

export const retryBody = body(
  'Without `from`: all that failed, was cancelled or skipped. All of it may be left out.',
  { from: ['psi'], include_downstream: true },
  {
    from: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_TASKS,
      items: { ...taskId, description: 'A task to run again.', examples: ['psi'] },
      description: 'Run these tasks again, whatever they came to.',
      examples: [['psi']],
    },
    include_downstream: {
      type: 'boolean',
      default: true,
      description: 'With `from`: also all that depends on these tasks.',
      examples: [true],
    },
  },
);

export const retryTaskBody = body(
  'All of it may be left out.',
  { include_downstream: false },
  {
    include_downstream: {
      type: 'boolean',
      default: true,
      description: 'Also all that depends on the task.',
      examples: [true],
    },
  },
);

export const priorityBody = body('The new priority.', { priority: 'high' }, { priority }, ['priority']);

export const skipBody = body('Why the task is skipped.', { note: 'not needed for this run' }, {}, ['note']);

export const resolveBody = body(
  'The result to take as the task’s, and why.',
  { result: { intersection_count: 540 }, note: 'computed by hand' },
  {
    result: {
      description: 'As a worker would give it: at most 64 KiB of JSON, at most 32 levels deep.',
      examples: [{ intersection_count: 540 }],
    },
  },
  ['result', 'note'],
);

const filter = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'As the query of GET /chains.',
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
  'Which chains: `ids` or `filter`. Without a status in it, the filter finds chains in which the action can do something.',
  { filter: { status: 'FAILURE', task_type: 'psi' }, limit: 200, dry_run: true },
  {
    ids: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_BULK,
      items: { type: 'string', minLength: 1, maxLength: 64, description: 'The id of a chain.' },
      description: 'These chains, in this order.',
      examples: [['chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11']],
    },
    filter,
    limit: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_BULK,
      default: MAX_BULK,
      description: 'Chains in one call at most; `next_cursor` goes on.',
      examples: [200],
    },
    max_per_second: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000,
      default: DEFAULT_PER_SECOND,
      description: 'Of resume and retry: chains in a second at most, so that the workers are not flooded.',
      examples: [50],
    },
    cursor: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'The `next_cursor` of the call before, with the same ids or filter.',
    },
  },
);
