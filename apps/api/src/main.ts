import {
  configOrExit,
  createLogger,
  requireConsoleSignIn,
  requireNoPrivateKey,
  requireSignIn,
  runUntilStopped,
  startTracing,
} from '#libs/platform';
import { Databases, loginFault, missingMigrations } from '#libs/repositories';
import { createApp } from './create-app.js';

process.title = 'task-chain api';
const config = configOrExit(requireSignIn, requireConsoleSignIn, requireNoPrivateKey);
const logger = createLogger('api', config.logLevel);
const endTracing = await startTracing('api');
const app = await createApp(config, logger);
const { reads } = app.get(Databases);
const missing = await missingMigrations(reads);
if (missing.length > 0) {
  logger.fatal(`the database lacks ${missing.length} migrations (${missing[0]} …): run "npm run migrate"`);
  process.exit(1);
}
const fault = config.nodeEnv === 'production' ? await loginFault(reads) : undefined;
if (fault !== undefined) {
  logger.fatal(fault);
  process.exit(1);
}
if (config.signIn.adminKey === undefined && config.signIn.oidc === undefined) {
  logger.warn('neither ADMIN_API_KEY nor OIDC_ISSUER is set: only keys that the database has can sign in');
}
await app.listen(config.port, config.host);
runUntilStopped('api', app, logger, endTracing);
logger.info({ url: await app.getUrl() }, 'the api is ready');
