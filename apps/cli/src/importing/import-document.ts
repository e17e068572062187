import { isObject } from '#libs/chain-domain';
import { importAirflow } from './import-airflow.js';
import { importArgo } from './import-argo.js';
import { importFleet, isOfFleet } from './import-fleet.js';
import { importSecretPad } from './import-secretpad.js';
import { objectOf, type Imported, type Mapping } from './imported.js';

export const FORMATS = ['secretpad', 'argo', 'airflow', 'fleet'] as const;
export type ImportedFormat = (typeof FORMATS)[number];

const IMPORTS = { secretpad: importSecretPad, argo: importArgo, airflow: importAirflow, fleet: importFleet };
const ARGO = ['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow'];

/** What a document is; undefined: none of these. */
export function formatOf(value: unknown): ImportedFormat | undefined {
  if (!isObject(value)) return undefined;
  if (typeof value['kind'] === 'string' && ARGO.includes(value['kind'])) return 'argo';
  if (isObject(value['dag']) && Array.isArray(value['dag']['tasks'])) return 'airflow';
  if (isOfFleet(value)) return 'fleet';
  return Array.isArray(value['nodes']) && Array.isArray(value['edges']) ? 'secretpad' : undefined;
}

/** Makes a chain of a document of another system. `mapping` is what the document does not say, as somebody wrote it. */
export function importDocument(value: unknown, format: ImportedFormat, mapping: unknown): Imported {
  const { types, tables } = objectOf(mapping);
  const given = { types: objectOf(types), tables: objectOf(tables) } as unknown as Mapping;
  return IMPORTS[format](objectOf(value), given);
}
