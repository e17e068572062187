import { isMap } from '../contract/json-values.js';
import { ALONE_IN_ITS_PROCESS, NAMES, RUNS, type Reviewed } from './component-review.js';
import { REVIEWED_COLUMNS } from './reviewed-columns.js';
import { REVIEWED_MODELS } from './reviewed-models.js';

/** Components of which somebody has read the source, by id. */
export const REVIEWED: Readonly<Record<string, Reviewed>> = {
  'data_prep/psi:1.0.0': {
    leaves: `Both parties learn which of their keys the other has, and by the report both numbers of rows, and whether all keys are the same. RR22 and KKRT send an oblivious key-value store or oblivious transfers and pseudo-random values of keys, ECDH points of FourQ. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    uniqueKeys: true,
    attrs: {
      join_type: { values: [undefined, 'inner_join'], message: 'must be "inner_join" or absent: others open more' },
      input_ds1_keys_duplicated: { values: [false], message: 'must be false: keys that repeat show how often' },
      input_ds2_keys_duplicated: { values: [false], message: 'must be false: keys that repeat show how often' },
      sort_result: { values: [undefined, true], message: 'must be true or absent: later tasks take aligned tables' },
    },
    check: ({ attrs, parties }) => [
      ...(attrs['protocol'] === 'PROTOCOL_ECDH' && attrs['protocol/PROTOCOL_ECDH'] !== 'CURVE_FOURQ'
        ? [
            {
              pointer: '/attrs/protocol~1PROTOCOL_ECDH',
              message:
                "must be CURVE_FOURQ: masked points of SPU's other curves show a bit of each key, or take far longer",
            },
          ]
        : []),
      ...(Array.isArray(attrs['receiver_parties']) &&
      attrs['receiver_parties'].length > 0 &&
      new Set(attrs['receiver_parties']).size !== parties.length
        ? [{ pointer: '/attrs/receiver_parties', message: 'must name both parties or be absent' }]
        : []),
    ],
    opens: ({ peers, keys, rows }) => [{ columns: [], keys, to: peers, counts: { keys: rows } }],
  },
  'data_prep/train_test_split:1.0.0': {
    leaves: `The number of rows. Each party splits its own rows by the seed that the task names; no value leaves it. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
  },
  'data_filter/feature_filter:1.0.0': {
    leaves: `The number of rows. Each party leaves out its own columns; no value leaves it. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
  },
  'data_prep/union:1.0.0': {
    leaves: `The numbers of rows. Each party puts its own two tables together; no value leaves it. ${NAMES} ${RUNS}`,
    parties: { least: 1, most: 2 },
    aligned: true,
  },
  'stats/table_statistics:1.0.2': ALONE_IN_ITS_PROCESS,
  'ml.eval/biclassification_eval:1.0.0': ALONE_IN_ITS_PROCESS,
  'ml.eval/prediction_bias_eval:1.0.0': ALONE_IN_ITS_PROCESS,
  'ml.eval/regression_eval:1.0.0': ALONE_IN_ITS_PROCESS,
  'postprocessing/score_card_transformer:1.0.0': {
    ...ALONE_IN_ITS_PROCESS,
    adds: ({ attrs: { predict_score_name: name = 'predict_score' } }) => (typeof name === 'string' ? [name] : []),
  },
  ...REVIEWED_COLUMNS,
  ...REVIEWED_MODELS,
};

/** What a component leaves, by its id; of one that nobody has reviewed, all that there is to say. */
export function leavesOfComponent(config: unknown): string | undefined {
  const { component, protocol } = isMap(config) ? config : {};
  const id = typeof component === 'string' ? component : protocol;
  if (typeof id !== 'string') return undefined;
  return Object.hasOwn(REVIEWED, id) ? REVIEWED[id]!.leaves : UNREVIEWED;
}

const UNREVIEWED =
  'Nobody has reviewed what this component sends: all values of all columns that go in may reach every party. It runs only where the operator names it and the policy of each dataset allows it.';
