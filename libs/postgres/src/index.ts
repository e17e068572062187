/** The connections to PostgreSQL. */
export { guardedPool, isUnanswered, STATEMENT_MS } from './guarded-pool.js';
export { requireRoom } from './room.js';
