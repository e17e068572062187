import { analysis } from '../analysis/analysis.js';
import { biclassificationEval } from '../evaluation/biclassification-eval.js';
import type { NativeTaskType } from '../contract/define-task.js';
import { pearsonCorrelation, vif } from '../correlation/correlation.js';
import { component } from '../secretflow/component.js';
import { diagnostic } from '../diagnostic/diagnostic.js';
import { encrypt } from '../encrypt/encrypt.js';
import { evaluation } from '../evaluation/evaluation.js';
import { aggregate, mergeModels } from '../federated/aggregate.js';
import { federatedTraining } from '../federated/federated-training.js';
import { train } from '../federated/train.js';
import { http } from '../http/http.js';
import { conditionFilter } from '../local/condition-filter.js';
import { groupbyStatistics } from '../local/groupby-statistics.js';
import { caseWhen, expr } from '../local/new-columns.js';
import { stability } from '../local/stability.js';
import { union } from '../local/union.js';
import { modelExport } from '../model-export/model-export.js';
import { psi } from '../psi/psi.js';
import { psiCount } from '../psi/psi-count.js';
import { predict } from '../evaluation/predict.js';
import { predictionBiasEval } from '../evaluation/prediction-bias-eval.js';
import { regressionEval } from '../evaluation/regression-eval.js';
import { report } from '../report/report.js';
import { scorecard } from '../scorecard/scorecard.js';
import { script } from '../script/script.js';
import { secureboost } from '../secureboost/secureboost.js';
import { sql } from '../sql/sql.js';
import { ssGlm } from '../ss-glm/ss-glm.js';
import { ssLr } from '../ss-lr/ss-lr.js';
import { ssPvalue } from '../ss-pvalue/ss-pvalue.js';
import { ssXgb } from '../ss-xgb/ss-xgb.js';
import { tableStatistics } from '../statistics/table-statistics.js';
import { featureEngineering, featureFilter, preprocessing, singleStepTypes } from '../steps/step-types.js';
import { sample } from '../train-test-split/sample.js';
import { trainTestSplit } from '../train-test-split/train-test-split.js';
import { substitution } from '../substitution/substitution.js';
import { validation } from '../validation/validation.js';
import { woeBinning } from '../woe-binning/woe-binning.js';

const all = [
  psi,
  psiCount,
  ...singleStepTypes,
  featureFilter,
  expr,
  caseWhen,
  conditionFilter,
  sample,
  union,
  groupbyStatistics,
  stability,
  tableStatistics,
  pearsonCorrelation,
  vif,
  trainTestSplit,
  woeBinning,
  ssLr,
  ssGlm,
  ssPvalue,
  scorecard,
  ssXgb,
  secureboost,
  biclassificationEval,
  regressionEval,
  predictionBiasEval,
  preprocessing,
  featureEngineering,
  substitution,
  validation,
  analysis,
  train,
  federatedTraining,
  aggregate,
  mergeModels,
  evaluation,
  predict,
  modelExport,
  encrypt,
  component,
  report,
  sql,
  script,
  http,
  diagnostic,
];

/** The name of a task type. */
export type TaskTypeName = (typeof all)[number]['type'];

/** Every task type, in the order of the catalogue. A new type is one line in the list above. */
export const taskTypes: readonly NativeTaskType[] = all;

const byName = new Map(taskTypes.map((type) => [type.type, type]));
if (byName.size !== taskTypes.length) throw new Error('Two task types have the same name');

/** The type of this wire name, or undefined. */
export function findTaskType(type: string): NativeTaskType | undefined {
  return byName.get(type);
}
