import type { TestFolder } from '../contract/run-for-tests.js';
import { randomVector } from '../mpc/random.js';
import { sliceFile, type Slice } from '../ss-lr/slice.js';

/** Columns by party, alice's first; the label is alice's. */
export type Features = Readonly<Record<'alice' | 'bob', readonly string[]>>;

/** Slices of a model over these columns, as ss_lr would leave them: `model` of a task. */
export async function writeSlices(
  folder: TestFolder,
  features: Features,
  regType: Slice['regType'] = 'logistic',
  training = 'one',
): Promise<Record<string, string>> {
  const columns = [features.alice.length, features.bob.length] as const;
  const name = `${training}-model.json`;
  for (const party of ['alice', 'bob'] as const) {
    const slice: Slice = {
      ...{ training, regType, columns, weightBits: 10, labelSize: 0 },
      features: features[party],
      hasLabel: party === 'alice',
      share: randomVector(columns[0] + columns[1] + 1),
    };
    await folder.table(party, name, JSON.stringify(sliceFile(party, slice)));
  }
  return { alice: name, bob: name };
}
