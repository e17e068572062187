import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Registry } from 'prom-client';
import type { AppConfig } from './config/config.js';
import type { Logger } from './observability/logging.js';
import { createRegistry } from './observability/metrics.js';

/** Token of the app's name. */
export const APP_NAME = Symbol('APP_NAME');
/** Token of the app's AppConfig. */
export const APP_CONFIG = Symbol('APP_CONFIG');
/** Token of the app's Logger. */
export const LOGGER = Symbol('LOGGER');

/** Provides APP_NAME, APP_CONFIG, LOGGER and prom-client's Registry to every module. The app's root module imports it once. */
@Global()
@Module({})
export class PlatformModule {
  /** `app` names the process in its metrics and health reports. Read `config` by configOrExit: Nest then starts only with a right one. */
  static forRoot(app: string, config: AppConfig, logger: Logger): DynamicModule {
    return {
      module: PlatformModule,
      providers: [
        { provide: APP_NAME, useValue: app },
        { provide: APP_CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: Registry, useFactory: () => createRegistry(app) },
      ],
      exports: [APP_NAME, APP_CONFIG, LOGGER, Registry],
    };
  }
}
