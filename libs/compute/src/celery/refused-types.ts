const STEP =
  'each party computes on its own table, which a fleet would get in clear for no gain; "native" does the same at the party';
const FIGURES =
  "a fleet would get the tables in clear, and tells figures without the smallest groups and the rounding that the owners' policies count on";
const MODEL =
  'a fleet would get the tables in clear, and keeps its models in files that no task here reads, as it reads none of ours';

/** Why the engine `celery` leaves types to others that the workers of the design have as well, by our names. */
export const REFUSED_AT_FLEETS: Readonly<Record<string, string>> = {
  ...{ standard_scaler: STEP, minmax_scaler: STEP, label_encoder: STEP, onehot_encoder: STEP, fillna: STEP },
  ...{ equal_width_binning: STEP, quantile_binning: STEP },
  ...{ table_statistics: FIGURES, pearson_correlation: FIGURES, vif: FIGURES },
  ...{ biclassification_eval: FIGURES, regression_eval: FIGURES },
  ...{ ss_lr: MODEL, ss_xgb: MODEL, predict: MODEL },
};
