import { configSchema, namedTables, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const sqlSchema = configSchema(
  'sql',
  {
    input_data: {
      ...perParty(
        namedTables,
        'Tables of one party by the names that the statement gives them: {party: {name: table}}.',
      ),
      maxProperties: 1,
    },
    sql: {
      type: 'string',
      minLength: 1,
      maxLength: 65_536,
      description: 'One SELECT statement, in the words of DuckDB, on these tables. It holds no reference.',
    },
    output_data: { ...perParty(outputPath, 'Where the party keeps the table.'), maxProperties: 1 },
  },
  ['input_data', 'sql'],
);

/** `task_config` of `sql`. */
export type SqlConfig = ConfigOf<typeof sqlSchema>;
