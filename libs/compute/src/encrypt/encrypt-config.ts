/** `task_config` of `encrypt`, as its schema lets it through. */
export interface EncryptConfig {
  readonly recipients: readonly string[];
  readonly input_data?: Readonly<Record<string, string | readonly string[]>>;
  readonly results?: boolean;
  readonly armor?: boolean;
}
