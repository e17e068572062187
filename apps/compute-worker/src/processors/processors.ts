import type { Type } from '@nestjs/common';
import type { TaskTypeName } from '#libs/compute';
import { AggregateProcessor } from './aggregate.processor.js';
import { AnalysisProcessor } from './analysis.processor.js';
import { BiclassificationEvalProcessor } from './biclassification-eval.processor.js';
import { CaseWhenProcessor } from './case-when.processor.js';
import { CastProcessor } from './cast.processor.js';
import { ConditionFilterProcessor } from './condition-filter.processor.js';
import { ComponentProcessor } from './component.processor.js';
import { DiagnosticProcessor } from './diagnostic.processor.js';
import { EncryptProcessor } from './encrypt.processor.js';
import { EqualWidthBinningProcessor } from './equal-width-binning.processor.js';
import { EvaluationProcessor } from './evaluation.processor.js';
import { ExprProcessor } from './expr.processor.js';
import { FeatureEngineeringProcessor } from './feature-engineering.processor.js';
import { FeatureFilterProcessor } from './feature-filter.processor.js';
import { FederatedTrainingProcessor } from './federated-training.processor.js';
import { FillnaProcessor } from './fillna.processor.js';
import { GroupbyStatisticsProcessor } from './groupby-statistics.processor.js';
import { HttpProcessor } from './http.processor.js';
import { LabelEncoderProcessor } from './label-encoder.processor.js';
import { MergeModelsProcessor } from './merge-models.processor.js';
import { MinmaxScalerProcessor } from './minmax-scaler.processor.js';
import { ModelExportProcessor } from './model-export.processor.js';
import { OnehotEncoderProcessor } from './onehot-encoder.processor.js';
import { PearsonCorrelationProcessor } from './pearson-correlation.processor.js';
import { PredictProcessor } from './predict.processor.js';
import { PredictionBiasEvalProcessor } from './prediction-bias-eval.processor.js';
import { PreprocessingProcessor } from './preprocessing.processor.js';
import { PsiCountProcessor } from './psi-count.processor.js';
import { PsiProcessor } from './psi.processor.js';
import { QuantileBinningProcessor } from './quantile-binning.processor.js';
import { RegressionEvalProcessor } from './regression-eval.processor.js';
import { ReportProcessor } from './report.processor.js';
import { SampleProcessor } from './sample.processor.js';
import { ScorecardProcessor } from './scorecard.processor.js';
import { ScriptProcessor } from './script.processor.js';
import { SecureBoostProcessor } from './secureboost.processor.js';
import { SqlProcessor } from './sql.processor.js';
import { SsLrProcessor } from './ss-lr.processor.js';
import { SsGlmProcessor } from './ss-glm.processor.js';
import { SsPvalueProcessor } from './ss-pvalue.processor.js';
import { SsXgbProcessor } from './ss-xgb.processor.js';
import { StabilityProcessor } from './stability.processor.js';
import { StandardScalerProcessor } from './standard-scaler.processor.js';
import { SubstitutionProcessor } from './substitution.processor.js';
import { TableStatisticsProcessor } from './table-statistics.processor.js';
import type { TaskProcessor } from './task-processor.js';
import { TrainProcessor } from './train.processor.js';
import { TrainTestSplitProcessor } from './train-test-split.processor.js';
import { UnionProcessor } from './union.processor.js';
import { ValidationProcessor } from './validation.processor.js';
import { VifProcessor } from './vif.processor.js';
import { WoeBinningProcessor } from './woe-binning.processor.js';

/** The processor of each task type that a worker runs, in the order of the catalogue. */
export const processors: Readonly<Record<string, Type<TaskProcessor>>> = {
  psi: PsiProcessor,
  psi_count: PsiCountProcessor,
  fillna: FillnaProcessor,
  standard_scaler: StandardScalerProcessor,
  minmax_scaler: MinmaxScalerProcessor,
  label_encoder: LabelEncoderProcessor,
  onehot_encoder: OnehotEncoderProcessor,
  quantile_binning: QuantileBinningProcessor,
  equal_width_binning: EqualWidthBinningProcessor,
  cast: CastProcessor,
  feature_filter: FeatureFilterProcessor,
  expr: ExprProcessor,
  case_when: CaseWhenProcessor,
  condition_filter: ConditionFilterProcessor,
  sample: SampleProcessor,
  union: UnionProcessor,
  groupby_statistics: GroupbyStatisticsProcessor,
  stability: StabilityProcessor,
  table_statistics: TableStatisticsProcessor,
  pearson_correlation: PearsonCorrelationProcessor,
  vif: VifProcessor,
  train_test_split: TrainTestSplitProcessor,
  woe_binning: WoeBinningProcessor,
  ss_lr: SsLrProcessor,
  ss_glm: SsGlmProcessor,
  ss_pvalue: SsPvalueProcessor,
  scorecard: ScorecardProcessor,
  ss_xgb: SsXgbProcessor,
  secureboost: SecureBoostProcessor,
  biclassification_eval: BiclassificationEvalProcessor,
  regression_eval: RegressionEvalProcessor,
  prediction_bias_eval: PredictionBiasEvalProcessor,
  preprocessing: PreprocessingProcessor,
  feature_engineering: FeatureEngineeringProcessor,
  substitution: SubstitutionProcessor,
  validation: ValidationProcessor,
  analysis: AnalysisProcessor,
  train: TrainProcessor,
  federated_training: FederatedTrainingProcessor,
  aggregate: AggregateProcessor,
  merge_models: MergeModelsProcessor,
  evaluation: EvaluationProcessor,
  predict: PredictProcessor,
  model_export: ModelExportProcessor,
  encrypt: EncryptProcessor,
  component: ComponentProcessor,
  report: ReportProcessor,
  sql: SqlProcessor,
  script: ScriptProcessor,
  http: HttpProcessor,
  diagnostic: DiagnosticProcessor,
} satisfies Record<TaskTypeName, Type<TaskProcessor>>;
