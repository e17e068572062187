import { defineTask } from '../contract/define-task.js';
import { unionSchema } from './union-config.js';

/** Rows of several tables of one party (SecretFlow's `union`). */
export const union = defineTask({
  type: 'union',
  title: 'Rows of several tables',
  description:
    'Puts the rows of several tables of a party one after the other. They have the same columns, whose order is that of the first table. Equal rows all stay.',
  configSchema: unionSchema,
  leaves:
    'The number of rows of all tables together in steps of 20. The tables and the exact numbers stay with their party. The new table counts as rows ' +
    'that somebody chose: figures of it are compared with those of the tables that went in, and others see none where a row is in two of them.',
  needsParties: true,
  load: async () => (await import('./union-run.js')).runUnion,
});
