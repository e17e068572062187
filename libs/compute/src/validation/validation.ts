import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { validationSchema, type ColumnRule, type TableSchema, type ValidationConfig } from './validation-config.js';

/** Whether tables are what a chain takes them for, before it works on them. */
export const validation = defineTask({
  type: 'validation',
  title: 'Validation of tables',
  description:
    'Checks the table of each party: types, gaps, repeated values, ranges and permitted values of its columns, and its number of rows. ' +
    'The task fails with all that it finds.',
  leaves:
    'Whether each rule is broken, and then whether in under 20 rows or in which tenth of the rows: at most 3.6 bits a rule. The number of rows in steps of 20. Counts and row numbers stay with the party. Whoever may run many tasks finds a value one bit at a time: 17 tasks found the largest below 131,072. Of a column of at most 16 values that is counted against half a bit for each row, over all tasks: a table that passes costs one bit; what a table breaks is withheld where it would take more than half of what is left.',
  needsParties: true,
  configSchema: validationSchema,
  check: faultsOf,
  load: async () => (await import('./validation-run.js')).runValidation,
});

function faultsOf({ schema, party_schemas: schemas, rows }: Unresolved<ValidationConfig>): ParamFault[] {
  if (schema === undefined && schemas === undefined && rows === undefined) {
    return [{ pointer: '/schema', message: 'is required, or party_schemas, or rows: there is nothing to check' }];
  }
  const faults = schemaFaults('/schema', schema);
  for (const [party, each] of Object.entries(isTable(schemas) ? schemas : {})) {
    faults.push(...schemaFaults(`/party_schemas/${party}`, each));
  }
  if (isTable(rows) && Number(rows.min) > Number(rows.max)) {
    faults.push({ pointer: '/rows/min', message: 'must not be above rows.max' });
  }
  return faults;
}

function schemaFaults(at: string, schema: string | Unresolved<TableSchema> | undefined): ParamFault[] {
  if (!isTable(schema)) return [];
  return Object.entries(schema).flatMap(([column, each]) => {
    const pointer = `${at}/${column.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const message = isTable(each) ? faultOf(each) : undefined;
    return message === undefined ? [] : [{ pointer, message }];
  });
}

function faultOf({ type, min, max }: Unresolved<ColumnRule>): string | undefined {
  const isNumeric = type === 'integer' || type === 'number';
  if ((min !== undefined || max !== undefined) && !isNumeric && !String(type).includes('${')) {
    return 'has min or max, which are for the types integer and number';
  }
  return Number(min) > Number(max) ? 'has a min above its max' : undefined;
}

/** Whether it is there and no reference. */
function isTable<T extends object>(value: T | string | undefined): value is T {
  return typeof value === 'object';
}
