import { coarseRows } from '../contract/coarse.js';
import type { JsonObject } from '../contract/task-type.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { writeTable } from '../table/write-table.js';
import { readModelPart, type ModelPart } from './model-file.js';
import { checkTogether, incompatible, requireParties } from './model-pair.js';
import { predict, RUN_ROWS, serve } from './predict-parts.js';
import { serveScores, type Serving } from './serve-scores.js';
import { TableRuns } from './table-runs.js';

/** Arguments of a party's process. */
export interface PredictPart {
  readonly model: string;
  readonly inputData: string;
  /** The party that gets the predictions. */
  readonly receiver: string;
  /** With that party: their name, what to write before them, and where. */
  readonly receives:
    false | { readonly name: string; readonly keep: readonly string[]; readonly output: string | null };
  /** Of rows that are opened one by one. */
  readonly serving: Serving | null;
}

/**
 * One party of `predict`: the receiver predicts, alone or with the others' parts of the model, and writes each run of rows before the next is
 * read. Throws TaskFailure MODEL_INCOMPATIBLE, NOT_ALIGNED, GROUP_TOO_SMALL, NOT_CONVERGED, and what reading the table throws.
 */
export const run: PartyProgram<PredictPart, JsonObject | null> = async (context, part): Promise<JsonObject | null> => {
  const { inputData: path, receives, receiver, serving } = part;
  const model = await readModelPart(context, part.model);
  checkRole(context, part, model);
  const wanted = { features: model.features, keep: receives ? receives.keep : [], length: RUN_ROWS[model.kind] };
  const table = await TableRuns.open(context, path, wanted, (read) =>
    context.progress(0.2 * read, 'reading the table'),
  );
  try {
    const input = { kind: 'input', path, rows: table.rows } as const;
    const least = context.peers.length === 0 ? context.minGroupRows : await checkTogether(context, model, input);
    if (serving) {
      const scores = await serveScores(context, model, { receiver, serving }, table);
      if (scores === null) return null;
      context.keepResult({ rows: table.rows });
      return { objective: model.objective, rows: coarseRows(table.rows, least), scores };
    }
    if (!receives) {
      await serve(context, model, receiver, table);
      return null;
    }
    const request = { ...(receives.output !== null && { target: receives.output }), name: 'predictions.csv' };
    const writer = await writeTable(context, { ...request, rows: { of: path } }, [...receives.keep, receives.name]);
    await predict(context, model, table, async ({ from, rows, kept }, predictions) => {
      await writer.rows(kept.map((fields, row) => [...fields, String(predictions[row])]));
      context.progress(0.2 + (0.8 * (from + rows)) / table.rows, 'predicting');
    });
    await writer.finish();
    context.keepResult({ rows: table.rows });
    return { objective: model.objective, rows: coarseRows(table.rows, least), prediction_output: writer.reference };
  } finally {
    await table.close();
  }
};

/** Refuses a model that is not of as many parties as there are, or that cannot predict for the receiver. */
function checkRole(context: PartyContext, { model: path, receives, serving }: PredictPart, model: ModelPart): void {
  const refuse = (why: string) => incompatible(context.party, path, why);
  const alone = context.peers.length === 0;
  if (model.kind === 'whole' && !alone) throw refuse('is a whole model: predict with one party');
  if (model.kind !== 'whole' && alone) throw refuse('is a slice: name the model and input_data of all its parties');
  requireParties(context, path, model);
  const isTrees = model.kind === 'trees' || model.kind === 'splits';
  if (isTrees && serving) throw refuse('is of secureboost, whose rows are not opened one by one: serve one of ss_xgb');
  if (isTrees && (model.kind === 'trees') !== Boolean(receives))
    throw refuse(
      'is of secureboost, where the party of the label alone can get predictions: name it as prediction_receiver',
    );
}
