/** The connections to PostgreSQL. */
export { guardedPool, isUnanswered, STATEMENT_MS } from './guarded-pool.js';
