import type { JsonObject } from '../contract/task-type.js';
import { readModelPart, type ModelPart } from '../evaluation/model-file.js';
import type { Objective } from '../federated/model.js';
import { incompatible } from '../evaluation/model-pair.js';
import { VERSION } from '../party/model-card.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { statedSize } from '../party/stated-size.js';
import type { Steps } from './coefficients-on-shares.js';
import type { ExportedModel } from './exported-model.js';
import type { Format } from './model-export-config.js';
import { onnxOf } from './onnx.js';
import { openCoefficients } from './open-coefficients.js';
import { ownPartOf } from './own-part.js';
import { fitsXml, pmmlOf } from './pmml.js';

const FORMAT = 'taskchain/model-export/v1';
const MEDIA_TYPES: Record<Format, string> = {
  json: 'application/json',
  pmml: 'application/xml',
  onnx: 'application/octet-stream',
};

/** Arguments of a party's process. */
export interface ModelExportArgs {
  readonly model: string;
  readonly format: Format;
  readonly output: string | null;
  /** Null where each party writes what it holds. */
  readonly coefficientsTo: readonly string[] | null;
}

/** What all read of a party's export. */
export interface Exported {
  readonly kind: 'whole_model' | 'own_part' | 'coefficients';
  readonly objective: Objective;
  /** Null for a party that writes nothing. */
  readonly reference: string | null;
}

/**
 * One party of `model_export`: writes what it holds of a model for other programs, or the coefficients that it may read. Throws TaskFailure
 * MODEL_INCOMPATIBLE, what opening the file throws, and what {@link openCoefficients} throws.
 */
export const run: PartyProgram<ModelExportArgs, Exported> = async (context, args) => {
  context.progress(0, 'reading the model');
  const model = await readModelPart(context, args.model);
  context.progress(0.5, 'writing the export');
  const exported = await exportOf(context, args, model);
  context.progress(1, 'done');
  return { ...exported, objective: model.objective };
};

async function exportOf(
  context: PartyContext,
  args: ModelExportArgs,
  model: ModelPart,
): Promise<Omit<Exported, 'objective'>> {
  const { party } = context;
  const { model: path, coefficientsTo } = args;
  if (coefficientsTo !== null) {
    const opened = await openCoefficients(context, path, model, coefficientsTo);
    const reference = opened && (await writeWhole(context, args, 'coefficients', opened));
    return { kind: 'coefficients', reference };
  }
  if (model.kind === 'whole') {
    const whole = { ...model, columns: model.features };
    return { kind: 'whole_model', reference: await writeWhole(context, args, 'whole_model', whole) };
  }
  if (args.format !== 'json') {
    throw incompatible(party, path, 'is a part of a joint model, which predicts nothing by itself: export it as json');
  }
  if (model.kind === 'glm') throw incompatible(party, path, 'is a slice of ss_glm, which cannot be exported yet');
  const part = ownPartOf(party, model);
  if (part === undefined) {
    throw incompatible(
      party,
      path,
      'is a slice of an earlier release, which does not name the other party: train again',
    );
  }
  const text = jsonOf(party, 'own_part', part);
  // The length of its thresholds would say something about them.
  const reference = await writeExport(context, args, text, statedSize(Buffer.byteLength(text)));
  return { kind: 'own_part', reference };
}

/** Writes a whole model in its format. Throws MODEL_INCOMPATIBLE where a name cannot be written. */
function writeWhole(
  context: PartyContext,
  args: ModelExportArgs,
  kind: Exported['kind'],
  model: ExportedModel & Partial<Steps>,
): Promise<string> {
  const { objective, label, columns, weights, intercept, step, most } = model;
  if (args.format === 'onnx') return writeExport(context, args, onnxOf(model, VERSION));
  if (args.format === 'json') {
    const coefficients = columns.map((feature, at) => ({ feature, weight: weights[at]! }));
    const rounding = step !== undefined && most !== undefined && { step, most };
    const content = { objective, label, coefficients, intercept, ...rounding };
    return writeExport(context, args, jsonOf(context.party, kind, content));
  }
  const name = [...columns, label].find((each) => !fitsXml(each));
  if (name === undefined) return writeExport(context, args, pmmlOf(model, VERSION));
  const why = `has the column ${JSON.stringify(name)}, which XML cannot hold: export it as onnx`;
  throw incompatible(context.party, args.model, why);
}

const jsonOf = (party: string, kind: Exported['kind'], content: JsonObject): string =>
  `${JSON.stringify({ format: FORMAT, kind, party, ...content }, null, 2)}\n`;

async function writeExport(
  context: PartyContext,
  { format, output: target }: ModelExportArgs,
  content: string | Uint8Array,
  statedBytes?: number,
): Promise<string> {
  const output = await context.createOutput({
    ...(target !== null && { target }),
    ...{ name: `model_export.${format}`, mediaType: MEDIA_TYPES[format], statedBytes },
  });
  await output.write(content);
  await output.finish();
  return output.reference;
}
