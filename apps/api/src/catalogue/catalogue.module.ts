import { Module } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { AuthModule } from '../auth/auth.module.js';
import { Catalogue, makeCatalogue } from './catalogue.js';
import { TaskTypesController } from './task-types.controller.js';

@Module({
  imports: [AuthModule],
  controllers: [TaskTypesController],
  providers: [
    {
      provide: Catalogue,
      inject: [APP_CONFIG],
      useFactory: (config: AppConfig) => makeCatalogue(config),
    },
  ],
  exports: [Catalogue],
})
export class CatalogueModule {}
