import { configSchema, SECRET } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

const milliseconds = { type: 'integer', minimum: 0, maximum: 86_400_000, default: 0 } as const;

export const diagnosticSchema = configSchema(
  'diagnostic',
  {
    delay_ms: { ...milliseconds, description: 'Time to wait.' },
    cpu_ms: { ...milliseconds, description: 'Time to keep a core busy, in a process.' },
    result: { description: 'Returned as `result`; any JSON.' },
    result_bytes: {
      type: 'integer',
      minimum: 0,
      maximum: 16_777_216,
      description: 'Without `result`: returns a text of this many bytes.',
    },
    secret: {
      type: 'string',
      [SECRET]: true,
      description:
        'Tests that a secret reaches a task and is hidden in its output: returned as `secret`, and part of the stage, the log and each failure.',
    },
    artifact: {
      type: 'string',
      minLength: 1,
      [SECRET]: true,
      description:
        'Writes an artifact of this name, with "_" for what a name cannot hold. Shows that the API reads what workers write, ' +
        'and that no secret becomes a name.',
    },
    fail_attempts: { type: 'integer', minimum: 0, default: 0, description: 'Attempts, counted from 1, that fail.' },
    error_code: {
      type: 'string',
      pattern: '^[A-Z][A-Z0-9_]{0,63}$',
      default: 'TASK_ERROR',
      description: 'Code of these failures.',
    },
    progress_steps: {
      type: 'integer',
      minimum: 0,
      maximum: 100_000,
      description: 'Progress reports, spread evenly over the time to wait.',
    },
  },
  [],
);

/** `task_config` of `diagnostic`. */
export type DiagnosticConfig = ConfigOf<typeof diagnosticSchema>;
