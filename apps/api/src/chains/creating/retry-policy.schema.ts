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
    "When and how often a failed task is retried. A task inherits each field that it does not set from the chain's options.",
  examples: [{ max_retries: 3, backoff: 'exponential', delay_ms: 1000, max_delay_ms: 60000, jitter: true }],
  properties: {
    max_retries: {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      default: 0,
      description: 'Maximum number of retries after the first attempt.',
      examples: [3],
    },
    retry_on_failure: {
      type: 'boolean',
      default: true,
      description: 'false makes every failure final, regardless of max_retries.',
      examples: [true],
    },
    backoff: {
      enum: ['fixed', 'exponential'],
      default: 'fixed',
      description: 'fixed waits delay_ms before each retry; exponential doubles it each time, up to max_delay_ms.',
      examples: ['exponential'],
    },
    delay_ms: {
      type: 'integer',
      minimum: 0,
      maximum: DAY_MS,
      default: 1000,
      description: 'Milliseconds before the first retry.',
      examples: [1000],
    },
    max_delay_ms: {
      type: 'integer',
      minimum: 0,
      maximum: DAY_MS,
      default: 300_000,
      description: 'Maximum delay in milliseconds. The default is at least delay_ms.',
      examples: [60000],
    },
    jitter: {
      type: 'boolean',
      default: false,
      description:
        'Randomises each delay between 50 and 100 %, so that tasks that failed together are not retried together.',
      examples: [true],
    },
    retry_on: {
      ...codes,
      description: 'Retry only failures with one of these codes. Absent or empty: all retryable failures.',
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
      description: 'No retry starts later than this after the task was first sent. Default: no limit.',
      examples: [3600],
    },
    on_exhausted: {
      enum: ['fail', 'pause'],
      default: 'fail',
      description:
        'What happens when no retry is left: fail fails the task; pause holds it and pauses the chain until an operator resumes (which retries it), resolves, skips or cancels.',
      examples: ['pause'],
    },
  },
} as const;
