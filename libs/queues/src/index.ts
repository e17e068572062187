export * from './backend.js';
export * from './messages.js';
export * from './status-channel.js';
export * from './task-queues.js';
