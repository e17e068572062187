import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { SecretsController } from './secrets.controller.js';

@Module({ imports: [CatalogueModule], controllers: [SecretsController] })
export class SecretsModule {}
