import { configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { MOST_PARTIES } from '../vertical/vertical-schema.js';

/** The formats of an export. */
const FORMATS = ['json', 'pmml', 'onnx'] as const;
export type Format = (typeof FORMATS)[number];

export const modelExportSchema = configSchema(
  'model_export',
  {
    model: perParty(
      inputPath,
      'What each party holds of the model, e.g. the model_paths of a training; of one party or of several.',
    ),
    format: {
      enum: FORMATS,
      default: 'json',
      description:
        'json writes whatever a party holds; pmml (PMML 4.4) and onnx write a whole model: of train, federated_training, aggregate or merge_models, or with coefficients_to.',
    },
    coefficients_to: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      maxItems: MOST_PARTIES,
      uniqueItems: true,
      description:
        'The parties that read the coefficients of a model of ss_lr, of which model names all slices. The policies of each other party must name them in coefficients_to.',
    },
    export_output: perParty(
      outputPath,
      'Where each party keeps its file; by default the artifact <party>/model_export.json, .pmml or .onnx.',
    ),
  },
  ['model'],
);

/** `task_config` of `model_export`. */
export type ModelExportConfig = ConfigOf<typeof modelExportSchema>;
