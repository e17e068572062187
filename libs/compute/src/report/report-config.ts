import { configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { SECTION_KINDS } from './section.js';

export const reportSchema = configSchema(
  'report',
  {
    title: { type: 'string', minLength: 1, maxLength: 200, description: 'Title of the page.' },
    language: { type: 'string', enum: ['en', 'zh'], default: 'en', description: 'Language of the page.' },
    sections: {
      type: 'array',
      items: { type: 'string', enum: SECTION_KINDS },
      minItems: 1,
      uniqueItems: true,
      description: 'The kinds of section to show, in this order; by default all, in the order of depends_on.',
    },
  },
  [],
);

/** `task_config` of `report`. */
export type ReportConfig = ConfigOf<typeof reportSchema>;
