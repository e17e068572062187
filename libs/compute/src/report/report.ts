import { defineTask } from '../contract/define-task.js';
import { reportSchema } from './report-config.js';

/** Renders the results of the tasks that it depends on; it has no party and reads no table. */
export const report = defineTask({
  type: 'report',
  title: 'Report',
  description:
    'Renders the results of the tasks that it depends on as one HTML page that needs no network (tables and plots), and ' +
    'the same as JSON. A result of an unknown kind becomes a plain table.',
  leaves: 'Nothing: it reads only results, which the parties have given out already.',
  needsParties: false,
  configSchema: reportSchema,
  load: async () => (await import('./report-run.js')).runReport,
});
