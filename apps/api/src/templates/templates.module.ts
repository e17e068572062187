import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogueModule } from '../catalogue/catalogue.module.js';
import { ChainsModule } from '../chains/chains.module.js';
import { TemplateChainsController } from './template-chains.controller.js';
import { TemplateCopiesController } from './template-copies.controller.js';
import { TemplateDiffsController } from './template-diffs.controller.js';
import { TemplateMaker } from './template-maker.js';
import { TemplateReader } from './template-reader.js';
import { TemplateVersionsController } from './template-versions.controller.js';
import { TemplatesController } from './templates.controller.js';

@Module({
  imports: [AuthModule, CatalogueModule, ChainsModule],
  controllers: [
    TemplatesController,
    TemplateVersionsController,
    TemplateChainsController,
    TemplateDiffsController,
    TemplateCopiesController,
  ],
  providers: [TemplateMaker, TemplateReader],
  exports: [TemplateReader],
})
export class TemplatesModule {}
