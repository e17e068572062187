/** The task types and what runs them, without a queue, a database or HTTP: a run is a function of a `TaskRun`. */
export { SPU_VERSION } from './secretflow/protocols.js';
export { diskFull } from './contract/disk-full.js';
export { atSites, couldBeAtSites, dealerOf, isAtSites, SITE_TYPES, sitesRunOn } from './catalogue/at-sites.js';
export { roundsAtSites } from './catalogue/rounds-at-sites.js';
export { checkTaskParams } from './catalogue/check-params.js';
export { faultsOfTypes } from './catalogue/check-types.js';
export type { Finding, TaskRunner } from './contract/task-runner.js';
export { EngineChoice, type TenantEngines } from './catalogue/choose-engine.js';
export { findRunner, makeRunners, taskRunners, type EngineSettings } from './catalogue/task-runners.js';
export { AUTO, autoProtocol } from './secretflow/protocols.js';
export { schemaFaults } from './contract/schema-faults.js';
export { placesOf } from './contract/error-places.js';
export { runTask } from './catalogue/run-task.js';
export { isPlaceOf, withMarkers, type PlacedOwnValue } from './catalogue/own-values.js';
export { takesSecret } from './catalogue/secret-params.js';
export { findTaskType, taskTypes, type TaskTypeName } from './catalogue/task-types.js';
export { startUnbundled } from './party/bundles.js';
export { nameFiles } from './party/held-files.js';
export { openInput } from './party/input-files.js';
export { LINEAGE_FILE } from './party/lineage.js';
export { digestWith } from './party/owner.js';
export { openedOf, readOwnedFolder, type OwnedFolder } from './party/owned-folder.js';
export { ledgerFile } from './party/party-ledger.js';
export { openResult } from './party/party-results.js';
export { describeTable, type TableDescription } from './table/describe-table.js';
export { requireDiskRoom } from './contract/disk-full.js';
export { NEUTRAL } from './party/party-link.js';
export { DealerDone, type Marks, type Site, type Transcript } from './contract/site.js';
export { EngineNotReady, RunStopped, TaskFailure } from './contract/task-type.js';
export { readScripts, scriptFaults } from './script/allowed-scripts.js';
export type {
  AllowedScripts,
  Artifact,
  HeldFile,
  Json,
  JsonObject,
  JsonSchema,
  ParamFault,
  PartyResult,
  RunTask,
  TaskParams,
  TaskRun,
  TaskRunResult,
  TaskType,
} from './contract/task-type.js';
