export { ApiKeyRepository } from './api-key.repository.js';
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
export * from './chain-store.js';
export * from './chain-writer.js';
export { Database, openDatabase, type Queryable } from './database.js';
export { Databases, type TenantDatabases } from './databases.js';
export { DutyRepository } from './duty.repository.js';
export * from './engine-queries.js';
export type { ChainTask } from './entities/chain-task.entity.js';
export type { TaskChain } from './entities/task-chain.entity.js';
export type { Tenant } from './entities/tenant.entity.js';
export { IdempotencyKeyRepository } from './idempotency-key.repository.js';
export * from './migrate.js';
export * from './reads/read-chains.js';
export * from './reads/read-history.js';
export { readQueues, type QueueFacts } from './reads/read-queues.js';
export * from './reads/read-metrics.js';
export { RepositoriesModule } from './repositories.module.js';
export { SecretRepository } from './secret.repository.js';
export type { DueDelivery, EndedChain } from './statements/webhooks.js';
export { TaskHistoryRepository, type ArtifactView } from './task-history.repository.js';
export { PLATFORM, TenantRepository, type Quota, type TenantChange } from './tenant.repository.js';
export { isTransient } from './transient.js';
export { wakeSoon } from './wake.js';
export { WebhookRepository, type DeliveryView } from './webhook.repository.js';
