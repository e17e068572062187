import {
  columnChoice,
  configSchema,
  inputPath,
  outputPath,
  perParty,
  type NativeTaskType,
} from '../contract/config-schema.js';
import type { JsonObject, JsonSchema, ParamFault } from '../contract/task-type.js';
import type { StepKind } from './step.js';
import { stepKinds } from './step-kinds.js';

const LEAVES = 'The number of rows and the names of the columns. What a step learns (rules.json) stays with its party.';

const tables: Record<string, JsonSchema> = {
  input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
  output_data: perParty(outputPath, 'Where each party gets its new table.'),
};

const columns = columnChoice('Columns to work on.');

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

/** The steps that are task types of their own. */
export const singleStepTypes: readonly NativeTaskType[] = stepKinds
  .filter(({ op }) => !op.endsWith('_columns'))
  .map(singleType);

function listType(type: string, title: string, description: string, kinds: readonly StepKind[]): NativeTaskType {
  return {
    type,
    title,
    description,
    configSchema: configSchema(
      type,
      {
        ...tables,
        steps: {
          type: 'array',
          minItems: 1,
          maxItems: 100,
          items: {
            type: 'object',
            discriminator: { propertyName: 'op' },
            required: ['op'],
            oneOf: kinds.map(stepSchema),
          },
        },
      },
      ['input_data', 'steps'],
    ),
    leaves: LEAVES,
    needsParties: true,
    check: (config) =>
      Array.isArray(config.steps)
        ? config.steps.flatMap((step, at) => optionFaults(step as Record<string, unknown>, `/steps/${at}`))
        : [],
    load: async () => {
      const { runSteps } = await import('./steps-run.js');
      return (run) => runSteps(run, run.params.task_config.steps as JsonObject[], 'columns_touched');
    },
  };
}

function singleType(kind: StepKind): NativeTaskType {
  return {
    type: kind.op,
    title: kind.title,
    description: kind.description,
    configSchema: configSchema(kind.op, { ...tables, columns, ...kind.options }, ['input_data', ...kind.required]),
    leaves: LEAVES,
    needsParties: true,
    check: (config) => optionFaults({ ...config, op: kind.op }, ''),
    load: async () => {
      const { runSteps } = await import('./steps-run.js');
      return (run) => {
        const {
          task_type: _type,
          input_data: _in,
          output_data: _out,
          ...options
        } = run.params.task_config as JsonObject;
        return runSteps(run, [{ ...options, op: kind.op }], kind.resultKey);
      };
    },
  };
}

function stepSchema(kind: StepKind): JsonSchema {
  return {
    title: kind.title,
    description: kind.description,
    type: 'object',
    additionalProperties: false,
    required: ['op', ...kind.required],
    properties: { op: { const: kind.op }, columns, ...kind.options },
  };
}

/** What the options' schemas cannot say. */
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
