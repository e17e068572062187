import { Module } from '@nestjs/common';
import { readScripts } from '#libs/compute';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { Catalogue } from './catalogue.js';
import { TaskTypesController } from './task-types.controller.js';

@Module({
  controllers: [TaskTypesController],
  providers: [
    {
      provide: Catalogue,
      inject: [APP_CONFIG],
      useFactory: (config: AppConfig) => new Catalogue(config.diagnosticTasks, readScripts(config.scriptTasks)),
    },
  ],
  exports: [Catalogue],
})
export class CatalogueModule {}
