export {
  bitsOf,
  countsOf,
  FEW_VALUES,
  overdraftOf,
  type Account,
  type Asked,
  type OpenedColumn,
  type Opening,
  type Overdraft,
} from './budget.js';
export { budgetsLeft, type BudgetLeft, type OpenedOf } from './budgets-left.js';
export { canonicalJson, type Json as ConsentJson } from './canonical-json.js';
export { datasetFacts } from './dataset-facts.js';
export { readersOf, type ReadersField } from './effects.js';
export { leastGroupRows } from './group-rows.js';
export {
  approvalOf,
  judgeUse,
  siteWordsOf,
  namesKeys,
  type LedgerEntry,
  type PartyRecord,
  type UseRequest,
  type Verdict,
} from './judge.js';
export { baseIdOf, coveringOf, coversSource, isSameArtifact, misuseOf, originOf, type Covering } from './standing.js';
export {
  MIN_GROUP_ROWS,
  parseDatasetRef,
  STATEMENT_SCHEMAS,
  subjectOf,
  type ApprovalStatement,
  type Budget,
  type ColumnBounds,
  type CoveredTask,
  type DatasetRef,
  type DatasetStatement,
  type HoleBounds,
  type PartyStatement,
  type PolicyRule,
  type PolicyStatement,
  type StandingStatement,
  type Statement,
  type StatementKind,
} from './statements.js';
export { canonicalTask, isAsWritten, partiesOf, purposeOf, resolvesTo, type TaskStatement } from './task-statement.js';
export { COLUMN_FIELDS, DEFAULT_COLUMNS, INPUT_FIELDS, usesOf, type PartyUse } from './uses.js';
