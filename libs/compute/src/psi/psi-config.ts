import { columnNames, configSchema, ELSEWHERE, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

/** SecretFlow's protocols that no engine runs yet. */
const SECRETFLOW_ONLY = [
  ...['BC22_PSI_2PC', 'DP_PSI_2PC', 'ECDH_PSI_3PC', 'ECDH_PSI_NPC', 'KKRT_PSI_NPC'],
  ...['PROTOCOL_KKRT', 'PROTOCOL_RR22', 'PROTOCOL_BC22'],
];

export const psiSchema = configSchema(
  'psi',
  {
    keys: perParty(columnNames, 'Key columns of each party, in matching order.'),
    input_paths: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
    output_paths: perParty(outputPath, 'Output table of each party: its rows of the intersection, or of the join.'),
    join: {
      type: 'string',
      enum: ['inner', 'left', 'right', 'difference'],
      default: 'inner',
      description:
        'Rows of the outputs. inner: those that all parties have, of two parties or more; the others are of two. left: all of left_party, in an order drawn anew, and beside each the row of the other, or nulls; the other alone learns the intersection. right: the same with the parties swapped. difference: the rows of left_party that the other lacks; left_party alone learns them.',
    },
    left_party: {
      type: 'string',
      description: 'The left party of a left or right join, or of a difference.',
    },
    receiver: {
      type: 'string',
      description:
        'The only party that learns the intersection; by default all do. Its size is then in party_results, and an empty one is no failure.',
    },
    protocol: {
      type: 'string',
      enum: ['ECDH_PSI_2PC', 'ECDH_OPRF_UB_PSI_2PC', 'KMPRT_PSI_NPC', 'KKRT_PSI_2PC', 'RR22_PSI_2PC', 'AUTO'],
      description:
        'By default ECDH_PSI_2PC of two parties, and KMPRT_PSI_NPC of three and more. ECDH_OPRF_UB_PSI_2PC is for a small table against a large one: the party of the small one alone learns the intersection, and it takes three fifths of the computation. KKRT_PSI_2PC takes oblivious transfers for curve points: a tenth of the computation, and about as many bytes. The engine secretflow takes ECDH_PSI_2PC (its default), KKRT_PSI_2PC and RR22_PSI_2PC, and AUTO, which is settled when the chain is created: RR22_PSI_2PC where both tables are datasets with known numbers of rows of a million at most, else ECDH_PSI_2PC.',
      [ELSEWHERE]: Object.fromEntries(SECRETFLOW_ONLY.map((protocol) => [protocol, 'SecretFlow'])),
    },
    sort: {
      type: 'boolean',
      default: false,
      description:
        'No effect: outputs of an inner join and of a difference are always sorted by key, those of a left or right join never.',
    },
    broadcast_result: {
      type: 'boolean',
      default: false,
      description: 'true: all learn the intersection even if `receiver` names one.',
    },
    precheck_input: {
      type: 'boolean',
      default: false,
      description: 'No effect: keys are always checked for duplicates and empty fields.',
    },
    allow_empty_result: {
      type: 'boolean',
      default: false,
      description: 'true: an empty intersection does not fail the task.',
    },
  },
  ['keys', 'input_paths'],
);

/** `task_config` of `psi`. */
export type PsiConfig = ConfigOf<typeof psiSchema>;
