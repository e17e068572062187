export { pingBackend, type Backend } from './backend.js';
export * from './messages.js';
export { grantQueues, migrateQueues } from './migrate-queues.js';
export { QueueFaults } from './queue-faults.js';
export { emptyQueue, queueGeneration, queueMark, setQueueMark } from './queue-marks.js';
export { BACKEND, QueuesModule, STATUS_CHANNEL, type QueuesOptions } from './queues.module.js';
export type { Delivery, StatusChannel } from './status-channel.js';
export {
  BackendWorker,
  PROCESSOR_OPTIONS,
  queueName,
  queueOptionsOf,
  taskJobOf,
  type QueuedJob,
} from './task-queue.js';
export { TaskQueues, type JobState } from './task-queues.js';
