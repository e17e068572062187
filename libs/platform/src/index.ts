export { ConfigError, SECRET_NAMES, type Environment } from './config/config-values.js';
export {
  concurrencyOf,
  configOrExit,
  loadEnvFile,
  readAppConfig,
  readConfig,
  requireConsoleSignIn,
  requireNoPrivateKey,
  requireSignIn,
  type AppConfig,
  type Config,
  type DatabaseLogins,
  type LogLevel,
} from './config/config.js';
export { consoleSignInFault, type ConsoleClient, type SignInConfig } from './config/sign-in-config.js';
export { allPass, type HealthCheck, type HealthChecks, type HealthReport } from './health/health-checks.js';
export { HealthModule } from './health/health.module.js';
export { HealthService } from './health/health.service.js';
export { createLogger, NestLogger, type Logger } from './observability/logging.js';
export { startTracing } from './observability/start-tracing.js';
export { discoverIssuer, IssuerFault, type IssuerMetadata } from './oidc/discover-issuer.js';
export { APP_CONFIG, LOGGER, PlatformModule } from './platform.module.js';
export { failpoint } from './process/failpoints.js';
export { partiesUnbundled } from './process/unbundled-parties.js';
export { runUntilStopped } from './process/run-until-stopped.js';
export { isSigned, sign, type SignedHeaders } from './webhooks/signature.js';
export { keyIdOf, sealSecret, SecretOpener, type SealedSecret, type SecretsConfig } from './secrets/secret-sealing.js';
