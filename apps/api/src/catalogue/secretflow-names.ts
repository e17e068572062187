/** Components of SecretFlow and SecretPad, by their names there, and the task type that does the same here. */
const HERE: Readonly<Record<string, string>> = {
  ss_sgd_train: 'ss_lr',
  lr_train: 'ss_lr',
  ss_glm_train: 'ss_glm',
  ss_xgb_train: 'ss_xgb',
  sgb_train: 'secureboost',
  ss_sgd_predict: 'predict',
  lr_predict: 'predict',
  ss_glm_predict: 'predict',
  ss_xgb_predict: 'predict',
  sgb_predict: 'predict',
  ss_pearsonr: 'pearson_correlation',
  pearsonr: 'pearson_correlation',
  ss_vif: 'vif',
  vert_binning: 'quantile_binning',
  vert_woe_binning: 'woe_binning',
  vert_bin_substitution: 'substitution',
  model_export: 'model_export',
  score_card_transformer: 'scorecard',
  onehot_encode: 'onehot_encoder',
  feature_scale: 'standard_scaler',
  feature_calculate: 'expr',
  binary_op: 'expr',
  expr_condition_filter: 'condition_filter',
};

/** What a component of SecretFlow is called here: `ss_lr` of `ss_sgd_train`. Undefined if no type of `types` does the same. */
export function nameHere(word: string, types: readonly string[]): string | undefined {
  const name = HERE[word.split('/').at(-1)!.toLowerCase()];
  return name !== undefined && types.includes(name) ? name : undefined;
}
