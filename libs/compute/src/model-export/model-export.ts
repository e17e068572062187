import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { modelExportSchema, type ModelExportConfig } from './model-export-config.js';

/** A model as other programs read it. */
export const modelExport = defineTask({
  type: 'model_export',
  title: 'Export of a model',
  description:
    'Writes what a party holds of a model for other programs. A whole model (of train, federated_training, aggregate or merge_models) is written as JSON, PMML 4.4 or ONNX; ' +
    'a part of a joint one (of ss_lr, ss_xgb or secureboost) as JSON: shares that are random without those of all other parties, and what the party knows in clear. The ' +
    'coefficients of a model of ss_lr are opened where the policies of all owners say so.',
  configSchema: modelExportSchema,
  leaves:
    'Of each party whether it holds a whole model or a part, and the kind of regression; the file stays with the party. With coefficients_to the named parties ' +
    'read all coefficients of a model of ss_lr, rounded on shares to 12 bits each, and the names of its columns, where the signed policy of each other party names them in coefficients_to; uniformly masked ' +
    'shares, the number of training rows and the name of the training cross for it. Each coefficient is an equation about all columns and the label, at most one for 20 rows, and is counted ' +
    'against half a bit for each row of the label and of columns of at most 16 values, over all tasks. A party that makes a column for it, large in one row, reads the label of that row.',
  needsParties: true,
  check: faultsOf,
  load: async () => (await import('./model-export-run.js')).runModelExport,
});

/** Checks beyond the schema: who holds the model and who reads its coefficients. While the chain is created any value may still be a reference. */
function faultsOf({
  model,
  coefficients_to: readers,
  export_output: outputs,
}: Unresolved<ModelExportConfig>): ParamFault[] {
  if (typeof model !== 'object') return [];
  const parties = Object.keys(model);
  const faults: ParamFault[] = [];
  if (readers !== undefined && parties.length < 2) {
    faults.push({
      pointer: '/model',
      message: 'must name all slices of a model of ss_lr, whose coefficients are asked for',
    });
  }
  const writers = typeof readers === 'object' ? readers : parties;
  for (const [at, reader] of (typeof readers === 'object' ? readers : []).entries()) {
    if (reader.includes('${') || parties.includes(reader)) continue;
    const message = `${JSON.stringify(reader)} is no party of model (${parties.join(', ')})`;
    faults.push({ pointer: `/coefficients_to/${at}`, message });
  }
  const open = writers.some((each) => each.includes('${'));
  for (const party of typeof outputs === 'object' && !open ? Object.keys(outputs) : []) {
    if (!writers.includes(party)) faults.push({ pointer: `/export_output/${party}`, message: 'writes no file' });
  }
  return faults;
}
