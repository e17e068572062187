import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskFailure } from '../contract/task-type.js';
import { isMap } from '../contract/json-values.js';
import { ELEMENT_BYTES, fromBytes, type RingVector } from '../mpc/ring.js';

/** Names of files in the folder of a run of `ss_lr` on SPU: engines/secretflow/ss_lr.py knows them, too. */
const FILES = {
  plan: 'training.json',
  train: 'train.bin',
  label: 'label.bin',
  predict: 'predict.bin',
  figures: 'figures.json',
  model: 'model.bin',
  predictions: 'predictions.bin',
} as const;

/** What a party's program on SPU reads. */
export interface SpuLrInputs {
  readonly plan: object;
  readonly train: Float64Array;
  readonly label: Float64Array | null;
  readonly predict: Float64Array | null;
}

/** What all parties' programs on SPU have opened. Losses are places in the list of those that can be told apart. */
export type SpuLrFigures =
  | { readonly ranAway: true }
  | { readonly ranAway: false; readonly losses: readonly (number | null)[]; readonly final: number | null };

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

export async function writeInputs(folder: string, { plan, train, label, predict }: SpuLrInputs): Promise<void> {
  const write = (name: string, content: string | Uint8Array): Promise<void> =>
    writeFile(join(folder, name), content, { flag: 'wx', mode: 0o600 });
  await write(FILES.train, bytesOf(train));
  if (label !== null) await write(FILES.label, bytesOf(label));
  if (predict !== null) await write(FILES.predict, bytesOf(predict));
  await write(FILES.plan, JSON.stringify(plan));
}

/** Throws TaskFailure PROTOCOL_VIOLATION for figures of another training. */
export async function readFigures(
  party: string,
  folder: string,
  { epochs, places }: { readonly epochs: number; readonly places: number },
): Promise<SpuLrFigures> {
  const figures: unknown = JSON.parse(await readFile(join(folder, FILES.figures), 'utf8'));
  const isPlace = (value: unknown): value is number | null =>
    value === null || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= places);
  if (isMap(figures)) {
    const { ran_away: ranAway, losses, final } = figures;
    if (ranAway === true) return { ranAway };
    if (ranAway === false && Array.isArray(losses) && losses.length === epochs && losses.every(isPlace))
      if (isPlace(final)) return { ranAway, losses, final };
  }
  throw violation(party, 'figures that do not fit the training');
}

/** The party's share of `count` weights. Throws TaskFailure PROTOCOL_VIOLATION for another number of them. */
export async function readShare(party: string, folder: string, count: number): Promise<RingVector> {
  const bytes = await readFile(join(folder, FILES.model));
  if (bytes.length !== count * ELEMENT_BYTES) throw violation(party, 'another number of weights');
  return fromBytes(bytes, count);
}

/** The predictions of `rows` rows, in steps. Throws TaskFailure PROTOCOL_VIOLATION for what lies outside of these ends, or for another number of them. */
export async function readPredictions(
  party: string,
  folder: string,
  { rows, least, most }: { readonly rows: number; readonly least: number; readonly most: number },
): Promise<Float64Array> {
  const bytes = await readFile(join(folder, FILES.predictions));
  const steps = new Float64Array(new Uint8Array(bytes).buffer);
  const fits = (step: number): boolean => Number.isInteger(step) && step >= least && step <= most;
  if (steps.length !== rows || !steps.every(fits)) throw violation(party, 'predictions that do not fit the rows');
  return steps;
}

const violation = (party: string, what: string): TaskFailure =>
  new TaskFailure('PROTOCOL_VIOLATION', `Party ${party}: SPU came to ${what}.`);
