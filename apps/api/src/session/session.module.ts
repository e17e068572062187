import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { BrowserSessions } from './browser-sessions.js';
import { SessionController } from './session.controller.js';

@Module({ imports: [AuthModule], controllers: [SessionController], providers: [BrowserSessions] })
export class SessionModule {}
