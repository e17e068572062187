/** A template as a release ships it: what `POST /templates` takes, and an id that stays. */
export interface ShippedTemplate {
  readonly template_id: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly chain: Readonly<Record<string, unknown>>;
}

/** Runs between these parties. */
export const between = (parties: string | readonly string[]): object => ({
  sf_init_config: { parties, address: 'local' },
});

/** The parties, as a parameter. */
export const partiesParam = (...parties: readonly string[]): object => ({
  type: 'array',
  items: { type: 'string' },
  minItems: 2,
  title: 'The parties',
  default: parties,
});

/** The table of each party, as a parameter: paths in its folder, or datasets. */
export const tablesParam = (tables: Readonly<Record<string, string>>, title = 'The table of each party'): object => ({
  type: 'object',
  additionalProperties: { type: 'string' },
  title: `${title}: a dataset, or a path in its folder`,
  default: tables,
});

/** Lists of columns by party, as a parameter. */
export const columnsParam = (title: string, columns: Readonly<Record<string, readonly string[]>>): object => ({
  type: 'object',
  additionalProperties: { type: 'array', items: { type: 'string' } },
  title,
  default: columns,
});

/** A list of columns, as a parameter. */
export const listParam = (title: string, columns: readonly string[]): object => ({
  type: 'array',
  items: { type: 'string' },
  minItems: 1,
  title,
  default: columns,
});

/** The least area under the curve, as a parameter. */
export const aucParam = (least: number): object => ({
  type: 'number',
  minimum: 0,
  maximum: 1,
  title: 'The least area under the curve: below it the chain fails',
  default: least,
});

/** What short chains of the templates wait for and try again. */
export const OPTIONS = { retry_policy: { max_retries: 2 }, timeout: 3600 };

export const PATIENTS = { alice: 'dataset:alice/breast-cancer@1', bob: 'dataset:bob/breast-cancer@1' };
export const HOSPITALS = {
  alice: 'dataset:alice/hospital@1',
  bob: 'dataset:bob/hospital@1',
  carol: 'dataset:carol/hospital@1',
};
export const IDS = { alice: ['id'], bob: ['id'] };
/** Columns of the hospitals' tables that a small model needs. */
export const SIGNS = ['radius_mean', 'texture_mean', 'concave_points_mean', 'radius_worst', 'texture_worst'];
/** Columns of the patients' tables, a few of each party. */
export const SIGNS_OF = {
  alice: ['radius_mean', 'texture_mean', 'smoothness_mean', 'concavity_mean'],
  bob: ['radius_worst', 'texture_worst', 'symmetry_worst', 'concave_points_worst'],
};
