import { DEFAULT_SETTINGS, wireSettings } from '#libs/chain-domain';

const SQL_TYPES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  number: 'int',
  string: 'text',
  object: 'jsonb',
};
const columns = Object.entries(wireSettings(DEFAULT_SETTINGS));

/** The columns of a task's settings, for a list of columns: `tolerable`. */
export const SETTING_COLUMNS = columns.map(([name]) => name).join(', ');

/** The same of table `t`, for a list of what is selected: `t.tolerable`. */
export const SETTINGS_OF_T = columns.map(([name]) => `t.${name}`).join(', ');

/** The same with their types, for a record of JSON: `tolerable boolean`. */
export const SETTING_TYPES = columns.map(([name, value]) => `${name} ${SQL_TYPES[typeof value]}`).join(', ');
