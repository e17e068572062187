export { ApiKeyRepository, type ApiKeyView } from './api-key.repository.js';
export {
  sealAudit,
  verifyAudit,
  type AuditedChange,
  type AuditFault,
  type AuditHead,
  type AuditReport,
} from './audit.js';
export { AuditRepository } from './audit.repository.js';
export { ChainRepository } from './chain.repository.js';
export {
  loadForRequests,
  loadWhole,
  save,
  type ArtifactRecord,
  type AttemptRecord,
  type ChainSave,
  type ChildStart,
  type EventRecord,
  type LoadedChain,
  type TaskReport,
  type TurnOf,
} from './chain-store.js';
export {
  insertWholeChain,
  type MadeChain,
  type CompensationPlan,
  type NewChainRow,
  type NewEdge,
  type NewTaskRow,
  type StoredConsent,
} from './chain-writer.js';
export { Database, openDatabase, type Queryable } from './database.js';
export { Databases, type TenantDatabases } from './databases.js';
export { DutyRepository } from './duty.repository.js';
export {
  SIGNAL_WORD,
  WAKE_CHANNEL,
  engineQueries,
  type BrokenChain,
  type CapacityRow,
  type ChainFacts,
  type CompensationRow,
  type InFlightTask,
  type JobRow,
  type SentStatementRow,
  type SettledSignal,
} from './engine-queries.js';
export type { EndedChild, LastChild, LastChildRow } from './statements/children.js';
export type { ChainTask } from './entities/chain-task.entity.js';
export type { TaskChain } from './entities/task-chain.entity.js';
export type { Tenant } from './entities/tenant.entity.js';
export * as idempotencyKeys from './idempotency-keys.js';
export { loginFault, makeLogins } from './logins.js';
export { NodeOfferRepository, type SiteOfRun } from './node-offer.repository.js';
export { NodeConnectionRepository, type NodeConnection, type NodeRefusal } from './node-connection.repository.js';
export { NodeRepository, type InvitationView, type NodeView } from './node.repository.js';
export { missingMigrations, revertMigration, runMigrations, showMigrations } from './migrate.js';
export { readApprovals, type ApprovalRow } from './reads/read-approvals.js';
export { readSignOffs, type SignOffRow } from './reads/read-sign-offs.js';
export { CHAIN_SORTS, listChains, type ChainFilter, type ChainPage, type ChainSort } from './reads/list-chains.js';
export { listTasks } from './reads/list-tasks.js';
export { CHAIN_FIELDS, TASK_FIELDS, WHOLE_CHAIN_FIELDS } from './reads/shown-columns.js';
export {
  readChains,
  type ChainGraph,
  type ChainParts,
  type ShownChain,
  type ShownTask,
  type WaitingTask,
} from './reads/read-chains.js';
export { readHistory, type EventView, type LoggedEvent } from './reads/read-history.js';
export { readQueues, type QueueFacts } from './reads/read-queues.js';
export { readWorkers, type WorkerView } from './reads/read-workers.js';
export { readAccount, type OpenedSoFar } from './reads/read-account.js';
export { SIZE_BUCKETS, readFigures, readGauges } from './reads/read-metrics.js';
export { readWaitingTasks } from './statements/quota.js';
export {
  PartyRepository,
  statementsOfSubjects,
  type OpeningView,
  type PartyStatementView,
  type PartyView,
} from './party.repository.js';
export { RepositoriesModule } from './repositories.module.js';
export {
  ScheduleRepository,
  settleMade,
  type DueSchedule,
  type PlannedTick,
  type ScheduleEvents,
  type ScheduleFields,
  type ScheduleTiming,
  type ScheduleView,
  type TickClaim,
  type TickEnd,
  type TickPlan,
  type TickView,
  type TickWork,
} from './schedule.repository.js';
export { SecretRepository, secretUses } from './secret.repository.js';
export { SessionRepository, type OpenSession } from './session.repository.js';
export { SignalRepository, type SignalView } from './signal.repository.js';
export type { MatchRow } from './statements/signals.js';
export type { ClockRow } from './statements/clock.js';
export { EVENT_PLACES } from './statements/schedules.js';
export type { DueDelivery, EndedChain } from './statements/webhooks.js';
export { isTaskAtSites, joinedSites } from './reads/read-sites.js';
export { TaskHistoryRepository, type ArtifactView, type LogView, type WantedLines } from './task-history.repository.js';
export {
  TemplateRepository,
  type TemplateVersionView,
  type TemplateView,
  type WholeTemplateVersion,
} from './template.repository.js';
export { shipTemplates } from './ship-templates.js';
export { PLATFORM, TenantRepository, type Quota, type TenantChange } from './tenant.repository.js';
export { isInTheWay, isTransient } from './transient.js';
export { WebhookRepository, type DeliveryView } from './webhook.repository.js';
