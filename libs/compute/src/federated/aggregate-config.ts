/** `task_config` of `aggregate` and `merge_models`, as its schema lets it through. */
export interface AggregateConfig {
  readonly models?: Readonly<Record<string, string | readonly string[]>>;
  readonly weighting?: 'rows' | 'equal';
  readonly min_parties?: number;
  readonly receivers?: readonly string[];
  readonly model_output?: Readonly<Record<string, string>>;
}
