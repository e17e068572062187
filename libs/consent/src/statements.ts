import type { Json } from './canonical-json.js';

/**
 * The statements that the owner of a party signs. Each is one JSON object, signed in its canonical form as a compact JWS
 * (RFC 7515) with Ed25519. A statement of the same kind and subject with a higher `serial` replaces an older one.
 */

/** Who the party is, and what it accepts whatever the dataset. */
export interface PartyStatement {
  readonly kind: 'party';
  readonly party: string;
  readonly serial: number;
  /** ISO 8601. */
  readonly issued_at: string;
  /** Keys that files of the party may be encrypted to. */
  readonly recipients: readonly string[];
}

/** A table in the party's folder. Its name and version never change their meaning. */
export interface DatasetStatement {
  readonly kind: 'dataset';
  readonly party: string;
  readonly name: string;
  readonly version: number;
  readonly serial: number;
  readonly issued_at: string;
  /** Path below the party's folder. */
  readonly file: string;
  /** `hmac-sha256:<hex>` of the file, under the key that stays in the party's folder. */
  readonly digest: string;
  readonly format: 'csv' | 'parquet';
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
  /** Whether other parties read its number of rows in its description. */
  readonly show_rows?: boolean;
  /** What it may be used for without asking. Default: anything. */
  readonly purposes?: readonly string[];
  /** Whether the owner took it back: no task reads it from then on. */
  readonly removed?: boolean;
}

/** What the owner allows to be done with a dataset. */
export interface PolicyStatement {
  readonly kind: 'policy';
  readonly party: string;
  /** The name of the dataset: the policy holds for all its versions, and for everything derived from them. */
  readonly dataset: string;
  readonly serial: number;
  readonly issued_at: string;
  /** ISO 8601: nothing is allowed from then on. */
  readonly expires_at: string;
  /** The first rule that fits decides. Where none fits, a person decides. */
  readonly rules: readonly PolicyRule[];
  /** What may be opened of the dataset at most, over all tasks. */
  readonly budget?: Budget;
  /** The smallest group of its rows that a figure, a bucket or a split for others may cover, from `MIN_GROUP_ROWS` on. */
  readonly min_group_rows?: number;
  /** The other parties that also get z, p and points of its columns. Default: none. */
  readonly effects_to?: readonly string[];
  /** The other parties that may read the coefficients of models that were trained on it. Default: none. */
  readonly coefficients_to?: readonly string[];
  /** By column. Figures under differential privacy need them. */
  readonly bounds?: Readonly<Record<string, ColumnBounds>>;
  /** `only`: tasks read it at the party's own site alone, never beside other parties at a worker. It outlasts the policy's end. Default: anywhere. */
  readonly sites?: 'only';
}

/** The smallest group of rows that a figure, a bucket or a split for others may cover, whatever an owner allows. */
export const MIN_GROUP_ROWS = 20;

export interface Budget {
  /** Bits of figures about any one column. */
  readonly bits?: number;
  /** Sums over parties that differ from an earlier sum by one party: such a pair shows that party's part. */
  readonly sums_apart?: number;
  /** Sums of buckets that one other party may ask for by `secureboost`: trees x depth x columns. */
  readonly sums?: number;
  /** Of all figures under differential privacy together. */
  readonly epsilon?: number;
}

/** The least and the largest value that a column can have by its meaning, whatever the table holds. */
export interface ColumnBounds {
  readonly min: number;
  readonly max: number;
}

/** One rule of a policy. It fits a task if all that it names fits. */
export interface PolicyRule {
  readonly effect: 'allow' | 'ask' | 'refuse';
  readonly task_types: readonly string[];
  /** Default: `native` alone where it allows, else all. */
  readonly engines?: readonly string[];
  /** The other parties that may take part. Default: any. */
  readonly with?: readonly string[];
  /** Parties whose keys may have created the chain. Default: any. */
  readonly proposers?: readonly string[];
  /** The other parties to which the task may open something: to one of them alone, or its result. Default: any. */
  readonly receivers?: readonly string[];
  /** Each version of the dataset that goes in has at least so many rows. */
  readonly min_rows?: number;
  /** What the chain may be for, as its author states it. Default: anything, or nothing stated. */
  readonly purposes?: readonly string[];
  /** By role (`keys`, `columns`, `features`, `label`): the columns that a task may name. Default: any column. */
  readonly columns?: Readonly<Record<string, readonly string[]>>;
  /** By JSON pointer into `task_config`: what the value must be. A value that the task leaves out does not fit. */
  readonly params?: Readonly<Record<string, ParamBounds>>;
  /** At most so many tasks, over all versions of the dataset, within so many days. */
  readonly uses?: { readonly max: number; readonly days: number };
  /** What the author of a refused task reads. */
  readonly words?: string;
}

export interface ParamBounds {
  readonly min?: number;
  readonly max?: number;
  readonly enum?: readonly (string | number | boolean | null)[];
}

/** The owner's decision on one task. */
export interface ApprovalStatement {
  readonly kind: 'approval';
  readonly party: string;
  /** Where the task is found. The hash alone says which task is meant. */
  readonly chain_id: string;
  readonly task_id: string;
  /** `sha256:<hex>` of the canonical task: any change of the task needs another decision. */
  readonly task: string;
  readonly serial: number;
  readonly issued_at: string;
  readonly expires_at: string;
  readonly decision: 'approve' | 'refuse' | 'withdraw';
  /** How many runs of the task it covers that open something to others. Default: one. */
  readonly runs?: number;
  readonly words?: string;
}

/** The owner's decision on all instances of a `for_each`, turns of a `repeat`, children of a chain or runs of a schedule. */
export interface StandingStatement {
  readonly kind: 'standing';
  readonly party: string;
  readonly name: string;
  readonly serial: number;
  readonly issued_at: string;
  readonly expires_at: string;
  readonly decision: 'approve' | 'withdraw';
  /** `schedule:<id>` or `chain:<id>`: the whole that it covers. */
  readonly origin: string;
  /** The party of the key that its chains are created by; null for a key of no party. */
  readonly proposer: string | null;
  /** What its chains are for, as they state it; absent where they state nothing. */
  readonly purpose?: string;
  readonly tasks: readonly CoveredTask[];
}

/** A task as a standing approval covers it: as it was written, but for what its holes leave open. */
export interface CoveredTask {
  /** Of an instance of `for_each`: without its `[…]`. */
  readonly task_id: string;
  readonly task_type: string;
  readonly params: Json;
  /** By JSON pointer into `task_config`: what the value must be in place of the one that was written. */
  readonly holes: Readonly<Record<string, HoleBounds>>;
  /** The tasks that its inputs come from: each by the hash of just that, or null for one that ran under the same approval. */
  readonly from: Readonly<Record<string, string | null>>;
  /** At most so many instances, turns or runs. */
  readonly uses: number;
}

export interface HoleBounds extends ParamBounds {
  /** A text in which each `#` stands for 1 to 15 digits. */
  readonly like?: string;
  /** A list, each of whose items lies in these bounds. */
  readonly each?: HoleBounds;
}

export type Statement = PartyStatement | DatasetStatement | PolicyStatement | ApprovalStatement | StandingStatement;
export type StatementKind = Statement['kind'];

const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength }) as const;
const names = { type: 'array', items: text(255), maxItems: 1_000 } as const;
/** With numbers that no month, day or hour has, a time would never come. */
const time = {
  type: 'string',
  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,3})?Z$',
} as const;
const PARTY = { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$' } as const;
const DATASET = { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' } as const;
const amount = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;
/** A bound of a column's values. */
const value = { type: 'number', minimum: -1e15, maximum: 1e15 } as const;
const serial = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;

/** The schema of an object that has all these fields, and may have the optional ones. */
function object(required: Readonly<Record<string, unknown>>, optional: Readonly<Record<string, unknown>> = {}) {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(required),
    properties: { ...required, ...optional },
  };
}

const statement = (
  kind: StatementKind,
  required: Readonly<Record<string, unknown>>,
  optional: Readonly<Record<string, unknown>> = {},
) => object({ kind: { const: kind }, party: PARTY, serial, issued_at: time, ...required }, optional);

const BOUNDS = {
  min: { type: 'number' },
  max: { type: 'number' },
  enum: { type: 'array', items: { type: ['string', 'number', 'boolean', 'null'] }, minItems: 1 },
} as const;
const POINTER = { pattern: '^(/[^/]{1,255})+$' } as const;

const rule = object(
  { effect: { enum: ['allow', 'ask', 'refuse'] }, task_types: { ...names, minItems: 1 } },
  {
    engines: names,
    with: { ...names, items: PARTY },
    proposers: { ...names, items: PARTY },
    purposes: { ...names, items: text(200), minItems: 1 },
    receivers: { ...names, items: PARTY },
    min_rows: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    columns: { type: 'object', additionalProperties: { ...names, maxItems: 10_000 }, maxProperties: 10 },
    params: {
      type: 'object',
      maxProperties: 100,
      propertyNames: POINTER,
      additionalProperties: object({}, BOUNDS),
    },
    uses: object({ max: { type: 'integer', minimum: 1 }, days: { type: 'integer', minimum: 1, maximum: 3_660 } }),
    words: text(2_000),
  },
);

/** Digits after digits would leave open where one run of them ends. */
const hole = (more: object) => ({
  ...object({}, { ...BOUNDS, like: { ...text(1_000), pattern: '^([^#]|#(?![#0-9]))*$' }, ...more }),
  minProperties: 1,
});
const HASH = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } as const;

const coveredTask = object({
  task_id: text(64),
  task_type: text(64),
  params: { type: 'object' },
  holes: {
    type: 'object',
    maxProperties: 100,
    propertyNames: POINTER,
    additionalProperties: hole({ each: hole({ each: hole({}) }) }),
  },
  from: { type: 'object', maxProperties: 100, additionalProperties: { ...HASH, type: ['string', 'null'] } },
  uses: { type: 'integer', minimum: 1, maximum: 1_000_000 },
});

/** JSON Schemas (2020-12) of the statements, by kind. */
export const STATEMENT_SCHEMAS: Readonly<Record<StatementKind, object>> = {
  party: statement('party', { recipients: { ...names, items: text(1_000) } }),
  dataset: statement(
    'dataset',
    {
      name: DATASET,
      version: serial,
      file: text(1_000),
      digest: { type: 'string', pattern: '^hmac-sha256:[0-9a-f]{64}$' },
      format: { enum: ['csv', 'parquet'] },
      columns: {
        type: 'array',
        items: object({ name: text(255), type: text(32) }),
        minItems: 1,
        maxItems: 10_000,
      },
      rows: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    },
    {
      removed: { type: 'boolean' },
      show_rows: { type: 'boolean' },
      purposes: { ...names, items: text(200), minItems: 1 },
    },
  ),
  policy: statement(
    'policy',
    { dataset: DATASET, expires_at: time, rules: { type: 'array', items: rule, maxItems: 100 } },
    {
      budget: object(
        {},
        {
          bits: amount,
          sums_apart: amount,
          sums: amount,
          epsilon: { type: 'number', exclusiveMinimum: 0, maximum: 1_000_000 },
        },
      ),
      min_group_rows: { ...amount, minimum: MIN_GROUP_ROWS },
      effects_to: { ...names, items: PARTY },
      coefficients_to: { ...names, items: PARTY },
      bounds: {
        type: 'object',
        maxProperties: 10_000,
        propertyNames: text(255),
        additionalProperties: object({ min: value, max: value }),
      },
      sites: { const: 'only' },
    },
  ),
  approval: statement(
    'approval',
    {
      chain_id: text(64),
      task_id: text(64),
      task: HASH,
      expires_at: time,
      decision: { enum: ['approve', 'refuse', 'withdraw'] },
    },
    { words: text(2_000), runs: { type: 'integer', minimum: 1, maximum: 1_000 } },
  ),
  standing: statement(
    'standing',
    {
      name: DATASET,
      expires_at: time,
      decision: { enum: ['approve', 'withdraw'] },
      origin: { type: 'string', pattern: '^(chain|schedule):[A-Za-z0-9-]{1,64}$' },
      proposer: { anyOf: [PARTY, { type: 'null' }] },
      tasks: { type: 'array', items: coveredTask, minItems: 1, maxItems: 100 },
    },
    { purpose: text(200) },
  ),
};

/** What a statement is about: a newer one with the same subject replaces an older one. */
export function subjectOf(statement: Statement): string {
  const { kind, party } = statement;
  switch (kind) {
    case 'party':
      return `party:${party}`;
    case 'dataset':
      return `dataset:${party}/${statement.name}@${statement.version}`;
    case 'policy':
      return `policy:${party}/${statement.dataset}`;
    case 'approval':
      return `approval:${party}/${statement.task}`;
    case 'standing':
      return `standing:${party}/${statement.name}`;
  }
}

/** A dataset as a chain names it. */
export interface DatasetRef {
  readonly party: string;
  readonly name: string;
  readonly version: number;
}

const REF = /^dataset:([A-Za-z][A-Za-z0-9_-]{0,63})\/([a-z0-9][a-z0-9._-]{0,63})@([1-9]\d{0,14})$/;

/** Reads `dataset:<party>/<name>@<version>`; undefined for any other text. */
export function parseDatasetRef(reference: string): DatasetRef | undefined {
  const [, party, name, version] = REF.exec(reference) ?? [];
  return party === undefined ? undefined : { party, name: name!, version: Number(version) };
}
