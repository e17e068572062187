export { DataDirInUseError, lockDataDir } from './data-dir-lock.js';
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
export { freePort, isPortFree } from './free-port.js';
export { guarded, guardFolder } from './guard.js';
export { withConnection } from './postgres-admin.js';
export { findPostgresBinaries } from './postgres-binaries.js';
export { isAlive } from './process-identity.js';
