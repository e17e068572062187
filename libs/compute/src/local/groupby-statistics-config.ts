import { columnNames, configSchema, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { tables } from './expr-config.js';

export const groupbyStatisticsSchema = configSchema(
  'groupby_statistics',
  {
    ...tables,
    by: perParty(
      { ...columnNames, maxItems: 10 },
      'Columns whose values make the groups. A missing value is a value as well.',
    ),
    columns: perParty(
      { ...columnNames, maxItems: 100 },
      'Numeric columns to describe in each group; without them rows are counted alone.',
    ),
  },
  ['input_data', 'by'],
);

export type GroupbyStatisticsConfig = ConfigOf<typeof groupbyStatisticsSchema>;
