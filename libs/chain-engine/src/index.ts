export * from './apply/apply-reports.js';
export { followChildren } from './children/follow-children.js';
export * from './commands/commands.js';
export * from './dispatch/dispatcher.js';
export { ChainEngine, type EngineLog } from './chain-engine.js';
export * from './apply/heartbeats.js';
export { deliverSignals } from './apply/deliver-signals.js';
export { valueFaults } from './apply/value-faults.js';
export { answerLongOnce, answerOnce, type Answer, type IdempotentRequest } from './commands/idempotency.js';
export { approveTasks } from './commands/approve-tasks.js';
export { ClockKeeper } from './reconcile/clock-keeper.js';
export { InvariantReconciler } from './reconcile/invariants.js';
export * from './metrics.js';
export type {
  ChainOutputs,
  ChildPlan,
  Concurrency,
  DueTime,
  NewChain,
  NewTask,
  Repeat,
  TemplateUse,
} from './commands/new-chain.js';
export { isLimited, QuotaExceeded } from './commands/quotas.js';
export { LeaseReconciler } from './reconcile/leases.js';
export { reconcileTimeouts } from './reconcile/timeouts.js';
export { resendAll } from './dispatch/resend-all.js';
export * from './apply/reports.js';
export { MAX_CONDITION_LENGTH, readCondition } from './conditions/cel/read-condition.js';
export { MARK_MS, RestoreDetection } from './reconcile/restore-detection.js';
