import {
  columnNames,
  configSchema,
  ELSEWHERE,
  inputPath,
  outputPath,
  perParty,
  type NativeTaskType,
} from '../contract/config-schema.js';
import type { ParamFault } from '../contract/task-type.js';

/** SecretFlow's protocols that native lacks. */
const SECRETFLOW_ONLY = [
  ...[
    'KKRT_PSI_2PC',
    'BC22_PSI_2PC',
    'ECDH_OPRF_UB_PSI_2PC',
    'DP_PSI_2PC',
    'ECDH_PSI_3PC',
    'ECDH_PSI_NPC',
    'KKRT_PSI_NPC',
  ],
  ...['PROTOCOL_KKRT', 'PROTOCOL_RR22', 'PROTOCOL_BC22'],
];

/** Private set intersection of two parties (SecretFlow's `psi`), by ECDH on Curve25519. */
export const psi: NativeTaskType = {
  type: 'psi',
  title: 'Private set intersection',
  description:
    'Finds the rows whose keys both parties have, and writes each party its own rows of the intersection, aligned by key. ' +
    'Semi-honest model: a malicious party could use keys that it does not have.',
  configSchema: configSchema(
    'psi',
    {
      keys: perParty(columnNames, 'Key columns of each party, in matching order.'),
      input_paths: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
      output_paths: perParty(outputPath, 'Where each party gets its rows of the intersection.'),
      receiver: {
        type: 'string',
        description: 'The only party that learns the intersection. Without it both learn it.',
      },
      protocol: {
        type: 'string',
        enum: ['ECDH_PSI_2PC'],
        default: 'ECDH_PSI_2PC',
        [ELSEWHERE]: Object.fromEntries(SECRETFLOW_ONLY.map((protocol) => [protocol, 'secretflow'])),
      },
      sort: {
        type: 'boolean',
        default: false,
        description: 'Outputs are in the order of their keys either way, since that alone keeps the parties aligned.',
      },
      broadcast_result: {
        type: 'boolean',
        default: false,
        description: 'Both learn it although `receiver` names one.',
      },
      precheck_input: {
        type: 'boolean',
        default: false,
        description: 'Keys are checked for duplicates and empty fields either way.',
      },
      allow_empty_result: { type: 'boolean', default: false, description: 'An empty intersection is no failure.' },
    },
    ['keys', 'input_paths'],
  ),
  leaves:
    'Blinded curve points, the number of rows and the kind of each key column; who may learn it learns the intersection.',
  needsParties: true,
  check,
  load: async () => {
    const { runPsi } = await import('./psi-run.js');
    return (run) => runPsi(run);
  },
};

function check(config: Record<string, unknown>): ParamFault[] {
  const faults: ParamFault[] = [];
  const { keys, input_paths: inputs, receiver } = config;
  if (isMap(inputs) && Object.keys(inputs).length !== 2) {
    faults.push({ pointer: '/input_paths', message: 'must name exactly two parties for ECDH_PSI_2PC' });
  }
  if (isMap(inputs) && typeof receiver === 'string' && !receiver.includes('${') && !(receiver in inputs)) {
    faults.push({ pointer: '/receiver', message: `must be one of ${Object.keys(inputs).join(', ')}` });
  }
  if (isMap(keys) && isMap(inputs)) {
    for (const party of Object.keys(inputs)) {
      if (!(party in keys))
        faults.push({ pointer: `/keys/${party}`, message: 'is required: name the key columns of this party' });
    }
    const lists = Object.values(keys).filter(Array.isArray);
    if (new Set(lists.map((list) => list.length)).size > 1) {
      faults.push({ pointer: '/keys', message: 'must name as many columns for each party' });
    }
  }
  return faults;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
