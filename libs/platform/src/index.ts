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
export { failpoint } from './failpoints.js';
export { runHealthChecks, type CheckResult, type HealthCheck, type HealthReport } from './health-checks.js';
export { startHealthServer, type HealthServer, type HealthServerOptions } from './health-server.js';
export { createLogger, NestLogger, type Logger } from './logging.js';
export { createMetrics, type Metrics } from './metrics.js';
export { isPrivateAddress, isPrivateHost, publicLookup, type Resolve } from './private-addresses.js';
export { startTracing } from './start-tracing.js';
export { onStopSignal } from './stop-signal.js';
