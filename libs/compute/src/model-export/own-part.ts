import type { JsonObject } from '../contract/task-type.js';
import type { ModelPart } from '../evaluation/model-file.js';
import { fileNode } from '../secureboost/predict.js';
import { STATE_BITS, WORDS } from '../mpc/ring.js';
import type { Vector } from '../mpc/rings.js';
import type { ModelSplit } from '../ss-xgb/shared-model.js';

/** Slices of `ss_glm` have no form to export yet. */
type OwnPart = Exclude<ModelPart, { kind: 'whole' | 'glm' }>;

/**
 * What a party holds of a joint model, by what it is: shares as whole numbers without a sign, in decimal digits, which are random without those of all other parties; and
 * what the party knows in clear. Undefined for a slice of an earlier release that does not name the other party: its shares could be either's.
 */
export function ownPartOf(party: string, model: OwnPart): JsonObject | undefined {
  const { objective, training, features } = model;
  const known = { training, objective };
  switch (model.kind) {
    case 'slice': {
      const { peers, columns, share } = model.slice;
      if (peers === undefined) return undefined;
      const all = sharesOf(share, WORDS);
      const parties = [party, ...peers].sort();
      let from = 0;
      const sharesOfParty = new Map(columns.map((count, at) => [parties[at]!, all.slice(from, (from += count))]));
      const own = sharesOfParty.get(party)!;
      const others = Object.fromEntries(peers.map((peer) => [peer, sharesOfParty.get(peer)!]));
      const [peer] = peers.length === 1 ? peers : [];
      return {
        ...{
          task_type: 'ss_lr',
          holds: 'shares',
          ...(peer === undefined ? { peers: [...peers] } : { peer }),
          ...known,
        },
        ...{ modulus_bits: 128, fraction_bits: STATE_BITS },
        features: features.map((feature, at) => ({ feature, share: own[at]! })),
        peer_features: peer === undefined ? others : others[peer]!,
        intercept: all.at(-1)!,
      };
    }
    case 'shared': {
      const { peer, splits, weights, scoreBits, start, base, unit } = model.slice;
      const nodeOf = (split: ModelSplit): JsonObject => {
        if (split === undefined) return { of: peer };
        return split === null ? { left: true } : { feature: features[split.column]!, threshold: split.threshold };
      };
      return {
        ...{ task_type: 'ss_xgb', holds: 'own splits and shares', peer, ...known },
        ...{ modulus_bits: 32, fraction_bits: scoreBits, start, base, unit },
        trees: splits.map((nodes, tree) => ({ nodes: nodes.map(nodeOf), leaves: sharesOf(weights[tree]!, 1) })),
      };
    }
    case 'trees': {
      const trees = model.trees.map((nodes) => nodes.map((node) => fileNode(node, features)));
      return { task_type: 'secureboost', holds: 'trees', ...known, base_score: model.baseScore, trees };
    }
    case 'splits': {
      const splits = model.splits.map(({ tree, column, threshold }) => ({
        tree,
        feature: features[column]!,
        threshold,
      }));
      return { task_type: 'secureboost', holds: 'own splits', ...known, splits };
    }
  }
}

/** Elements of so many words as decimal numbers. */
const sharesOf = (vector: Vector, words: number): string[] =>
  Array.from({ length: vector.length / words }, (_, at) =>
    [...vector.subarray(at * words, (at + 1) * words)]
      .reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n)
      .toString(),
  );
