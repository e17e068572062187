import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { ApiKeyRepository, Databases, SessionRepository } from '#libs/repositories';
import { Authentication } from './authentication.js';
import { OidcTokens } from './oidc.js';
import { OneTimeLinks } from './one-time-links.js';
import { RefusedSignIns } from './refused-sign-ins.js';
import { RolesGuard } from './roles.guard.js';
import { SignIn } from './sign-in.js';
import { TenantDirectory } from './tenant-directory.js';

@Module({
  providers: [
    Authentication,
    TenantDirectory,
    RefusedSignIns,
    OneTimeLinks,
    {
      provide: SignIn,
      inject: [Databases, ApiKeyRepository, SessionRepository, APP_CONFIG],
      useFactory: (
        { reads }: Databases,
        keys: ApiKeyRepository,
        sessions: SessionRepository,
        { signIn: { adminKey, oidc } }: AppConfig,
      ) => new SignIn(reads, keys, sessions, adminKey, oidc && new OidcTokens(oidc)),
    },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
  exports: [Authentication, OneTimeLinks, RefusedSignIns, SignIn, TenantDirectory],
})
export class AuthModule {}
