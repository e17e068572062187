import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { tableNameFaults } from '../contract/party-faults.js';
import type { ParamFault } from '../contract/task-type.js';
import { sqlSchema, type SqlConfig } from './sql-config.js';

/** A SELECT over the tables of one party. */
export const sql = defineTask({
  type: 'sql',
  title: 'SQL on the tables of a party',
  description:
    'Runs one SELECT statement of DuckDB over tables of one party, in the process of that party, and keeps what it gives as a table of the party. The ' +
    'statement reaches the named tables alone: no file, no network, no setting and no extension.',
  configSchema: sqlSchema,
  leaves:
    'Whether the statement succeeds: its author can make that depend on one bit of the rows, and where it fails it is judged as a figure about ' +
    'them. Of the table a bound of its size: the next power of two, no less than that of the tables that were read. Its rows and their ' +
    'number stay with the party, and so does what the database says of an error. A statement that another party wrote always waits for the owner, ' +
    'who reads it.',
  needsParties: true,
  check,
  load: async () => (await import('./sql-run.js')).runSql,
});

function check({ input_data: tables, sql: text }: Unresolved<SqlConfig>): ParamFault[] {
  const message = 'must hold no "${": the owner decides on the text as it stands';
  return [...(text.includes('${') ? [{ pointer: '/sql', message }] : []), ...tableNameFaults(tables)];
}
