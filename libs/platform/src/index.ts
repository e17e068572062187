export { ConfigError, type Environment } from './config-values.js';
export {
  concurrencyOf,
  configOrExit,
  loadEnvFile,
  readAppConfig,
  readConfig,
  requireSignIn,
  secretKeysOf,
  type AppConfig,
  type Config,
  type LogLevel,
  type SignInConfig,
} from './config.js';
export { SecretKeys } from './secret-keys.js';
export { DataDirInUseError, lockDataDir } from './data-dir-lock.js';
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
export { failpoint } from './failpoints.js';
export { freePort, isPortFree } from './free-port.js';
export { runHealthChecks, type CheckResult, type HealthCheck, type HealthReport } from './health-checks.js';
export { startHealthServer, type HealthServer, type HealthServerOptions } from './health-server.js';
export { createLogger, NestLogger, type Logger } from './logging.js';
export { createMetrics, type Metrics } from './metrics.js';
export { withConnection } from './postgres-admin.js';
export { isPrivateAddress, isPrivateHost, publicLookup, type Resolve } from './private-addresses.js';
export { findPostgresBinaries } from './postgres-binaries.js';
export { isAlive } from './process-identity.js';
export { startTracing } from './start-tracing.js';
export { onStopSignal } from './stop-signal.js';
