import { describe, expect, it } from '@jest/globals';
import { COLUMN_FIELDS, DEFAULT_COLUMNS, INPUT_FIELDS } from '#libs/consent';
import { taskTypes } from './task-types.js';

type Schema = Readonly<Record<string, unknown>>;
/** Fields that name neither a file to read nor a column of a table. */
const OTHER =
  /^(task_type|output_.*|.*_output|receiver|receivers|recipients|.*_party|params|rows|assert|steps|method|value|.*_num|with_.*|feature_range|drop|op|protocol|sort|broadcast_result|join|precheck_input|artifact|allow_empty_result|bucket_size|test_fraction|split_seed|prediction_receiver|prediction_name|min_parties|weighting|results|armor|title|language|sections|delay_ms|cpu_ms|result|result_bytes|secret|fail_attempts|error_code|progress_steps|epsilon|figures|joint|train_size|shuffle|random_state|url|headers|body|expect_status|timeout_ms|unseen|missing_values|binning_method|positive_label|objective|bucket_method|min_item_cnt_per_bucket|new_columns|conditions|fraction|count|to|misfits|threshold|sql|script|arguments|format|coefficients_to|component|attrs|not_reviewed)$/;

/** Names of all fields of a config and of its steps. */
function* fieldsOf(schema: Schema): Generator<string> {
  for (const [name, field] of Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)) {
    yield name;
    const items = field['items'] as Schema | undefined;
    if (name === 'steps')
      for (const step of (items?.['oneOf'] ?? items?.['anyOf'] ?? [items]) as Schema[]) yield* fieldsOf(step);
  }
}

describe('consent', () => {
  it.each(taskTypes.map(({ type, configSchema }) => [type, configSchema] as const))(
    'knows the meaning of each field of %s',
    (type, schema) => {
      const unknown = [...fieldsOf(schema)].filter(
        (name) =>
          !OTHER.test(name) &&
          !(INPUT_FIELDS as readonly string[]).includes(name) &&
          !Object.hasOwn(COLUMN_FIELDS, name) &&
          // Its column is the receiver's alone: see usesOf.
          name !== 'serve' &&
          // The kind of the model that is trained, not a file.
          !(name === 'model' && type.includes('train')),
      );
      expect(unknown).toEqual([]);
    },
  );

  it('knows the columns that types read by default', () => {
    const defaults = taskTypes.map(({ type, configSchema }): [string, Schema] => {
      const fields = Object.entries((configSchema as Schema)['properties'] as Record<string, Schema>);
      const named = fields.filter(([name, field]) => Object.hasOwn(COLUMN_FIELDS, name) && 'default' in field);
      return [type, Object.fromEntries(named.map(([name, field]) => [name, field['default']]))];
    });
    expect(Object.fromEntries(defaults.filter(([, columns]) => Object.keys(columns).length > 0))).toEqual(
      DEFAULT_COLUMNS,
    );
  });
});
