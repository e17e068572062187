import { configSchema, type NativeTaskType } from '../contract/config-schema.js';
import { SECTION_KINDS } from './section.js';

/** Renders the results of the tasks that it depends on; it has no party and reads no table. */
export const report: NativeTaskType = {
  type: 'report',
  title: 'Report',
  description:
    'Renders the results of the tasks that it depends on as one HTML page that needs no network (tables and plots), and ' +
    'the same as JSON. A result of an unknown kind becomes a plain table.',
  leaves: 'Nothing: it reads only results, which the parties have given out already.',
  needsParties: false,
  configSchema: configSchema(
    'report',
    {
      title: { type: 'string', minLength: 1, maxLength: 200, description: 'Title of the page.' },
      language: { type: 'string', enum: ['en', 'zh'], default: 'en', description: 'Language of its words.' },
      sections: {
        type: 'array',
        items: { type: 'string', enum: SECTION_KINDS },
        minItems: 1,
        uniqueItems: true,
        description: 'The kinds of section to show, in this order; by default all, in the order of depends_on.',
      },
    },
    [],
  ),
  load: async () => (await import('./report-run.js')).runReport,
};
