import { configSchema, type NativeTaskType } from './config-schema.js';

/** The kinds of section, in no order: a report shows them in the order of its inputs, or of `sections`. */
export const SECTION_KINDS = ['intersection', 'statistics', 'correlation', 'training', 'evaluation', 'other'] as const;
export type SectionKind = (typeof SECTION_KINDS)[number];

/** `task_config` of `report`, as its schema lets it through. */
export interface ReportConfig {
  readonly title?: string;
  readonly language?: 'en' | 'zh';
  readonly sections?: readonly SectionKind[];
}

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
  load: async () => (await import('./report/report-run.js')).runReport,
};
