import { defineTask } from '../contract/define-task.js';
import { diagnosticSchema } from './diagnostic-config.js';

/** Checks a deployment end to end; load and fault tests run it. It has no parties. */
export const diagnostic = defineTask({
  type: 'diagnostic',
  title: 'Diagnostic',
  description:
    'Waits, keeps a core busy, reports progress, fails its first attempts, then returns {task_id, attempt, inputs, result}.',
  configSchema: diagnosticSchema,
  leaves: 'Nothing: it reads no table.',
  needsParties: false,
  load: async () => (await import('./diagnostic-run.js')).runDiagnostic,
});
