export * from './backend.js';
export * from './messages.js';
export { migrateQueues } from './migrate-queues.js';
export { emptyQueue, queueGeneration, queueMark, setQueueMark } from './queue-marks.js';
export * from './status-channel.js';
export * from './task-queues.js';
