import { Global, Module } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { Databases } from './databases.js';

@Global()
@Module({
  providers: [
    { provide: Databases, inject: [APP_CONFIG], useFactory: (config: AppConfig) => new Databases(config.databaseUrl) },
  ],
  exports: [Databases],
})
export class DatabaseModule {}
