import type { ParamFault } from '../contract/task-type.js';
import { isMap } from '../contract/json-values.js';
import { predictionsFor, type Opened } from '../party/opened.js';

/** What a task asks of a component. */
export interface Asked {
  readonly parties: readonly string[];
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Path by party and input. */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly labelParty: string | undefined;
}

/** A column that goes in, as the party's own process has read it. */
export interface OwnColumn {
  readonly name: string;
  readonly rows: number;
  /** Distinct values, up to one more than a few. */
  readonly distinct: number;
}

/** What a party's process knows when it counts what the component opens. */
export interface Opening extends Asked {
  readonly party: string;
  readonly peers: readonly string[];
  /** Features and label. */
  readonly columns: readonly OwnColumn[];
  readonly keys: readonly string[];
  readonly rows: number;
}

/** A component of which somebody has read the source, and what follows from that. */
interface Reviewed {
  /** What each party learns, as its source has it. */
  readonly leaves: string;
  /** How many parties bring something. One alone sends nothing. */
  readonly parties: { readonly least?: number; readonly most: number };
  /** Values that these parameters must have. */
  readonly attrs?: Readonly<Record<string, { readonly values: readonly unknown[]; readonly message: string }>>;
  readonly check?: (asked: Asked) => ParamFault[];
  /** Whether the keys of each table differ. */
  readonly uniqueKeys?: true;
  /** Whether tables of several parties have to have the same rows. */
  readonly aligned?: true;
  /** Whether what others see would show the rows in which a column differs from its most frequent value. */
  readonly refusesFewApart?: true;
  /** Columns that come out beside those that went in. */
  readonly adds?: (asked: Asked) => readonly string[];
  /** What is opened to others, before they see any of it. */
  readonly opens?: (opening: Opening) => readonly Opened[];
}

const RUNS =
  "Both parties' processes are of this worker and trust its build of SecretFlow, whose links carry Python objects in clear on this machine. Semi-honest model.";
const NAMES = "The names and kinds of the other party's columns that go in.";
const SHARES =
  'Shares and ciphertexts of CHEETAH; with SEMI2K masked shares, and then the first party by name could compute all that the other brings.';
const ALONE =
  'Nothing: it runs in the process of one party alone. Its report goes to the readers of that party (party_results), and no figure of it to others.';

const ALONE_IN_ITS_PROCESS: Pick<Reviewed, 'leaves' | 'parties'> = { leaves: ALONE, parties: { most: 1 } };

const textOf = (value: unknown): string | undefined => {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === 'string' ? one : undefined;
};
const epochsOf = ({ attrs: { epochs = 10, eps = 0.001 } }: Asked): number =>
  typeof epochs === 'number' && eps !== 0 ? Math.max(0, epochs - 1) : 0;

/** By id. */
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
  'ml.train/ss_sgd_train:1.0.0': {
    leaves: `${SHARES} After each epoch but the first both learn whether the weights have come to rest, unless eps is 0: one bit an epoch, counted about the label and every feature. No weight is opened. The number of rows. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    refusesFewApart: true,
    attrs: {
      report_weights: {
        values: [undefined, false],
        message: 'must be false or absent: it opens all weights to both parties',
      },
    },
    opens: (opening) => [
      {
        columns: opening.columns.map(({ name: column, ...each }) => ({
          ...{ column, figures: epochsOf(opening), bits: 1 },
          ...each,
        })),
        ofRows: true,
      },
    ],
  },
  'ml.predict/ss_sgd_predict:1.0.0': {
    leaves: `${SHARES} The receiver learns a probability or a number for each row, to 18 bits by CHEETAH and 26 by SEMI2K: the purpose of the task. It is noted, not counted. The output has columns of the receiver's own alone beside it. The number of rows. ${NAMES} ${RUNS}`,
    parties: { most: 2 },
    aligned: true,
    adds: ({ attrs: { pred_name: name = 'pred' } }) => (typeof name === 'string' ? [name] : []),
    check: ({ attrs: { receiver }, parties }) => {
      const name = textOf(receiver);
      return name === undefined || name.includes('${') || parties.includes(name)
        ? []
        : [{ pointer: '/attrs/receiver', message: `is no party of input_data (${parties.join(', ')})` }];
    },
    opens: ({ attrs: { receiver }, party, rows }) => {
      const to = textOf(receiver)!;
      return to === party ? [] : [predictionsFor(to, rows)];
    },
  },
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
