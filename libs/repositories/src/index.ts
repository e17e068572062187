export * from './chain-store.js';
export * from './chain-writer.js';
export { Database, isTransient, type Queryable, type Tx } from './database.js';
export * from './engine-queries.js';
export * from './migrate.js';
export * from './reads/read-chains.js';
export * from './reads/read-history.js';
export * from './reads/read-metrics.js';
export * from './webhooks.js';
