/** What a column must be like. */
export interface ColumnRule {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean';
  readonly required?: boolean;
  readonly unique?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly enum?: readonly (string | number | boolean)[];
}

export type TableSchema = Readonly<Record<string, ColumnRule>>;

/** `task_config` of `validation`, as its schema lets it through. */
export interface ValidationConfig {
  readonly input_data: Readonly<Record<string, string>>;
  readonly schema?: TableSchema;
  readonly party_schemas?: Readonly<Record<string, TableSchema>>;
  readonly rows?: { readonly min?: number; readonly max?: number; readonly equal?: boolean };
}

/** A rule that a table breaks, and how often: never with what. `column` is absent where it is about the whole table. */
export interface Finding {
  readonly party: string;
  readonly column?: string;
  readonly rule: 'type' | 'required' | 'unique' | 'min' | 'max' | 'enum' | 'rows.min' | 'rows.max' | 'rows.equal';
  /** Rows that break it; of `rows`, the rows that there are; 0 where the whole column is absent. */
  readonly count: number;
}
