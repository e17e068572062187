import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { TenantController, TenantsController } from './tenants.controller.js';

@Module({ imports: [AuthModule], controllers: [TenantController, TenantsController] })
export class TenantsModule {}
