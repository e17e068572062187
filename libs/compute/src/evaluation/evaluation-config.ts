/** `task_config` of `evaluation`, as its schema lets it through. */
export interface EvaluationConfig {
  readonly model: Readonly<Record<string, string>>;
  readonly test_data: Readonly<Record<string, string>>;
  readonly label: string;
  readonly label_party?: string;
  readonly bucket_size?: number;
  readonly output_report?: string;
  readonly prediction_output?: string;
  readonly assert?: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
}

/** The party that has the label and gets the predictions; undefined where the parameters do not say. */
export function labelPartyOf(config: Pick<EvaluationConfig, 'model' | 'label_party'>): string | undefined {
  const parties = Object.keys(config.model);
  return config.label_party ?? (parties.length === 1 ? parties[0] : undefined);
}
