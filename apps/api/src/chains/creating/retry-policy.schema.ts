import { ERROR_CODE } from '../../http/patterns.js';

const DAY_MS = 86_400_000;
const codes = {
  type: 'array',
  maxItems: 100,
  items: {
    type: 'string',
    minLength: 1,
    maxLength: 64,
    pattern: ERROR_CODE.source,
    description: 'An error code.',
    examples: ['TIMEOUT_RUN'],
  },
} as const;

/** When and how often a failed task is tried again, of a chain or of a task. */
export const retryPolicy = {
  type: 'object',
  additionalProperties: false,
  description:
    'When and how often a failed task is tried again. A task takes each field that it does not set from the options of the chain.',
  examples: [{ max_retries: 3, backoff: 'exponential', delay_ms: 1000, max_delay_ms: 60000, jitter: true }],
  properties: {
    max_retries: {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      default: 0,
      description: 'Further tries after the first.',
      examples: [3],
    },
    retry_on_failure: {
      type: 'boolean',
      default: true,
      description: 'false makes a failure final at once, whatever max_retries says.',
      examples: [true],
    },
    backoff: {
      enum: ['fixed', 'exponential'],
      default: 'fixed',
      description:
        'fixed waits delay_ms before each further try; exponential doubles it each time, up to max_delay_ms.',
      examples: ['exponential'],
    },
    delay_ms: {
      type: 'integer',
      minimum: 0,
      maximum: DAY_MS,
      default: 1000,
      description: 'Milliseconds before the first further try.',
      examples: [1000],
    },
    max_delay_ms: {
      type: 'integer',
      minimum: 0,
      maximum: DAY_MS,
      default: 300_000,
      description: 'No delay is longer than this. Where it is not set, at least delay_ms.',
      examples: [60000],
    },
    jitter: {
      type: 'boolean',
      default: false,
      description:
        'Spreads each delay over 50 to 100 % of itself, so that tasks which failed together do not come back together.',
      examples: [true],
    },
    retry_on: {
      ...codes,
      description:
        'Only failures with one of these codes are tried again. Left out or empty: all that another try may mend.',
      examples: [['TASK_ERROR', 'TIMEOUT_RUN']],
    },
    never_retry_on: {
      ...codes,
      description: 'Failures with one of these codes are final.',
      examples: [['RESULT_TOO_LARGE']],
    },
    budget_seconds: {
      type: 'integer',
      minimum: 1,
      maximum: 2_592_000,
      description:
        'No further try begins later than this after the task was first sent. No limit where it is left out.',
      examples: [3600],
    },
    on_exhausted: {
      enum: ['fail', 'pause'],
      default: 'fail',
      description:
        'What a failure without a further try does: fail fails the task; pause holds it and pauses the chain, until an operator resumes (it is tried anew), resolves, skips or cancels.',
      examples: ['pause'],
    },
  },
} as const;
