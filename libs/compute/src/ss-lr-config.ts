/** `task_config` of `ss_lr`, as the schema below lets it through. */
export interface SsLrConfig {
  readonly features: Readonly<Record<string, readonly string[]>>;
  readonly label: string;
  readonly label_party: string;
  readonly train_data: Readonly<Record<string, string>>;
  readonly params?: {
    readonly epochs?: number;
    readonly learning_rate?: number;
    readonly batch_size?: number;
    readonly reg_type?: 'logistic' | 'linear';
    readonly penalty?: 'none' | 'l2';
    readonly l2_norm?: number;
  };
  readonly model_output?: string | Readonly<Record<string, string>>;
  readonly test_data?: Readonly<Record<string, string>>;
  readonly test_fraction?: number;
  readonly split_seed?: number;
  readonly prediction_output?: string | Readonly<Record<string, string>>;
  readonly prediction_receiver?: string;
}
