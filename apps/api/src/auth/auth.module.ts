import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { ApiKeyRepository, Databases, SessionRepository } from '#libs/repositories';
import { Authentication } from './authentication.js';
import { OIDC_TOKENS, OidcTokens } from './oidc.js';
import { OneTimeLinks } from './one-time-links.js';
import { RefusedSignIns } from './refused-sign-ins.js';
import { RolesGuard } from './roles.guard.js';
import { SessionCookie } from './session-cookie.js';
import { SignIn } from './sign-in.js';
import { TenantDirectory } from './tenant-directory.js';

@Module({
  providers: [
    Authentication,
    TenantDirectory,
    RefusedSignIns,
    OneTimeLinks,
    SessionCookie,
    {
      provide: OIDC_TOKENS,
      inject: [APP_CONFIG],
      useFactory: ({ signIn: { oidc } }: AppConfig) => oidc && new OidcTokens(oidc),
    },
    {
      provide: SignIn,
      inject: [Databases, ApiKeyRepository, SessionRepository, APP_CONFIG, { token: OIDC_TOKENS, optional: true }],
      useFactory: (
        { reads }: Databases,
        keys: ApiKeyRepository,
        sessions: SessionRepository,
        { signIn: { adminKey } }: AppConfig,
        tokens: OidcTokens | undefined,
      ) => new SignIn(reads, keys, sessions, adminKey, tokens),
    },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
  exports: [Authentication, OIDC_TOKENS, OneTimeLinks, RefusedSignIns, SessionCookie, SignIn, TenantDirectory],
})
export class AuthModule {}
