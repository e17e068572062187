import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { SignalsController } from './signals.controller.js';

/** Events from outside, for tasks that wait for them. */
@Module({ imports: [AuthModule], controllers: [SignalsController] })
export class SignalsModule {}
