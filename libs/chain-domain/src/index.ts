export * from './chain-diff.js';
export * from './control-types.js';
export * from './sign-off.js';
export * from './signal.js';
export * from './decide.js';
export * from './decision.js';
export { type Dependency, type DependencyType, readDependencies, type TaskNode } from './dependencies.js';
export { isAdmitted } from './draft.js';
export * from './events.js';
export { placeIn, syntaxFault } from './expression-words.js';
export { failure, FAILURE_CODES, type FailureCode } from './failure-codes.js';
export * from './input-fault.js';
export { type Item, putItem } from './items.js';
export { DEFAULT_MAX_ITEMS, type ForEach, instancesOf, type ListFault, readForEach } from './list-instances.js';
export { type JsonValue, mapStrings } from './map-strings.js';
export { isOpenedEntry, type OpenedEntry } from './opened-entry.js';
export { expandParams, type Expansion, type ParamSource, type ParamValues } from './params.js';
export { isPartyResult, type PartyResult } from './party-result.js';
export * from './references.js';
export { parseReference, readPath, secretNameOf, type Segment, splitText } from './reference-syntax.js';
export { resultFault } from './result-fault.js';
export * from './retry.js';
export * from './schema-words.js';
export * from './state.js';
export * from './states.js';
export { isObject, MAX_BODY_BYTES, parseStrictJson } from './strict-json.js';
export { DEFAULT_TENANT } from './tenant.js';
export {
  CHAIN_ENDS,
  type ChainEnd,
  DEFAULT_SETTINGS,
  type EndChain,
  settingsOf,
  type TaskSettings,
  wireSettings,
  type WireSettings,
} from './task-settings.js';
export * from './transitions.js';
export * from './trigger-rules.js';
export * from './value-schema.js';
