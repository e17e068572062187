export { sampleNewChain } from './sample-new-chain.js';
export { cpuMsOf } from './cpu-time.js';
export { findDebianPrograms, type DebianPrograms } from './debian-package.js';
export { describeUnless, itUnless, type SkipReason } from './skip.js';
export { ensureChromium, openTestBrowser, type TestBrowser } from './test-browser.js';
export { createTestDatabase, useTestDatabase, type TestDatabase } from './test-database.js';
export { openTestQueues, takeJobs, type TestQueues } from './test-queues.js';
export { startTestPostgres, type TestPostgres } from './test-postgres.js';
export { ensureRedisServer, startTestRedis, type TestRedis } from './test-redis.js';
