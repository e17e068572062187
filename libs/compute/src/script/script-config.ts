import { configSchema, namedTables, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const scriptSchema = configSchema(
  'script',
  {
    script: {
      type: 'string',
      pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$',
      description: 'The name under which the operator allows the command.',
    },
    arguments: {
      type: 'array',
      maxItems: 16,
      items: { type: 'string', maxLength: 1024 },
      description:
        'Follow the arguments that the operator gives, as many as the operator allows. None begins with "-" or holds a reference.',
    },
    input_data: {
      ...perParty(
        namedTables,
        'Tables of one party by the names of the files that the command reads: {party: {name: table}}.',
      ),
      maxProperties: 1,
    },
    output_data: { ...perParty(outputPath, 'Where the party keeps the table.'), maxProperties: 1 },
  },
  ['script', 'input_data'],
);

/** `task_config` of `script`. */
export type ScriptConfig = ConfigOf<typeof scriptSchema>;
