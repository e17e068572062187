import { defineTask } from '../contract/define-task.js';
import { escape } from '../contract/json-values.js';
import type { ParamFault } from '../contract/task-type.js';
import { expressionFaults } from '../expression/expression-faults.js';
import { caseWhenSchema } from './case-when-config.js';
import { exprSchema } from './expr-config.js';

const LEAVES =
  'The number of rows in steps of 20, and the names of the new columns, which the parameters hold already. No value ends the task. The table, the ' +
  'exact number and how many values are missing stay with their party.';

/** Columns by an expression over a party's own columns. */
export const expr = defineTask({
  type: 'expr',
  title: 'New columns by expressions',
  description:
    "Makes columns of each party's table by expressions over the columns of the row: arithmetic, comparisons, conditions, texts and dates. " +
    'On the table of a party that did not create the chain each such task waits for a person of that party, who reads the expressions.',
  configSchema: exprSchema,
  leaves: LEAVES,
  needsParties: true,
  check: ({ input_data: tables, new_columns: columns }) => [
    ...withoutColumns(tables, columns),
    ...columnFaults(columns, ({ expression }, at) => expressionFaults(`${at}/expression`, expression)),
  ],
  load: async () => (await import('./new-columns-run.js')).runExpr,
});

/** Columns by the first condition that holds (SecretFlow's `case_when`). */
export const caseWhen = defineTask({
  type: 'case_when',
  title: 'New columns by cases',
  description:
    "Makes columns of each party's table, each by the first of its conditions that holds in the row. " +
    'On the table of a party that did not create the chain each such task waits for a person of that party, who reads the conditions.',
  configSchema: caseWhenSchema,
  leaves: LEAVES,
  needsParties: true,
  check: ({ input_data: tables, new_columns: columns }) => [
    ...withoutColumns(tables, columns),
    ...columnFaults(columns, ({ cases, otherwise }, at) => [
      ...(typeof cases === 'string' ? [] : cases).flatMap((each, place) =>
        typeof each === 'string'
          ? []
          : [
              ...expressionFaults(`${at}/cases/${place}/when`, each.when, 'bool'),
              ...expressionFaults(`${at}/cases/${place}/then`, each.then),
            ],
      ),
      ...(otherwise === undefined ? [] : expressionFaults(`${at}/otherwise`, otherwise)),
    ]),
  ],
  load: async () => (await import('./new-columns-run.js')).runCaseWhen,
});

/** Faults of the columns of all parties, those of one each with its pointer. */
function columnFaults<Column extends object>(
  columns: string | Readonly<Record<string, string | readonly (string | Column)[]>>,
  faultsOf: (column: Column, pointer: string) => ParamFault[],
): ParamFault[] {
  if (typeof columns === 'string') return [];
  return Object.entries(columns).flatMap(([party, list]) =>
    (typeof list === 'string' ? [] : list).flatMap((column, at) =>
      typeof column === 'string' ? [] : faultsOf(column, `/new_columns/${escape(party)}/${at}`),
    ),
  );
}

/** A table for which no column is described would come out as it went in. */
function withoutColumns(tables: object | string, columns: object | string): ParamFault[] {
  if (typeof tables === 'string' || typeof columns === 'string') return [];
  return Object.keys(tables)
    .filter((party) => !Object.hasOwn(columns, party))
    .map((party) => ({
      pointer: `/new_columns/${escape(party)}`,
      message: 'is required: each table needs its columns',
    }));
}
