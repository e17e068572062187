import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { dropColumns } from './choose-columns.js';
import type { StepKind } from './step.js';
import { singleSteps, stepKinds } from './step-kinds.js';
import { columns, stepListSchema, tablesSchema } from './steps-config.js';

const LEAVES =
  'The number of rows in steps of 20, and the names of the columns. What a step learns (rules.json) stays with its party, and so does the exact number.';

/** `preprocessing`: any steps in a list, run in order on each party's table. */
export const preprocessing = listType(
  'preprocessing',
  'Preprocessing',
  'Runs a list of steps, in order, on the table of each party.',
  stepKinds,
);

/** `feature_engineering`: as `preprocessing`, for encoding, binning and scaling. */
export const featureEngineering = listType(
  'feature_engineering',
  'Feature engineering',
  'Runs a list of encoding, binning and scaling steps, in order, on the table of each party.',
  stepKinds.filter(({ op }) => /encoder|binning|scaler/.test(op)),
);

/** The steps that are also task types. */
export const singleStepTypes = singleSteps.map((kind) => singleType(kind, kind.op));

/** `drop_columns` as a task type, by the name that SecretFlow gives it. */
export const featureFilter = singleType(dropColumns, 'feature_filter');

function listType<const Type extends string>(
  type: Type,
  title: string,
  description: string,
  kinds: readonly StepKind[],
) {
  return defineTask({
    type,
    title,
    description,
    configSchema: stepListSchema(type, kinds),
    leaves: LEAVES,
    needsParties: true,
    check: ({ steps }) =>
      typeof steps === 'string'
        ? []
        : steps.flatMap((step, at) => (typeof step === 'string' ? [] : optionFaults(step, `/steps/${at}`))),
    load: async () => {
      const { runSteps } = await import('./steps-run.js');
      const more = { taskType: type, resultKey: 'columns_touched' };
      return (run) => runSteps(run, { ...more, steps: run.params.task_config.steps });
    },
  });
}

function singleType<const Type extends string>(kind: StepKind, type: Type) {
  return defineTask({
    type,
    title: kind.title,
    description: kind.description,
    configSchema: tablesSchema(type, { columns, ...kind.options }, kind.required),
    leaves: LEAVES,
    needsParties: true,
    check: (config) => optionFaults({ ...config, op: kind.op }, ''),
    load: async () => {
      const { runSteps } = await import('./steps-run.js');
      return (run) => {
        const { task_type: _type, input_data: _in, output_data: _out, ...options } = run.params.task_config;
        const steps = [{ ...options, op: kind.op }];
        return runSteps(run, { taskType: type, steps, resultKey: kind.resultKey });
      };
    },
  });
}

/** Checks beyond the schemas of the options. */
function optionFaults(step: Record<string, unknown>, at: string): ParamFault[] {
  const { op, method, value, feature_range: range } = step;
  const faults: ParamFault[] = [];
  if (op === 'fillna' && method === 'constant' && value === undefined) {
    faults.push({ pointer: `${at}/value`, message: 'is required for the method "constant"' });
  }
  if (op === 'minmax_scaler' && Array.isArray(range) && Number(range[0]) >= Number(range[1])) {
    faults.push({ pointer: `${at}/feature_range`, message: 'must be [lower, upper] with lower below upper' });
  }
  return faults;
}
