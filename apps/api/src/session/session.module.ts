import { Module } from '@nestjs/common';
import { APP_CONFIG, consoleSignInFault, type AppConfig } from '#libs/platform';
import { AuthModule } from '../auth/auth.module.js';
import { OIDC_TOKENS, type OidcTokens } from '../auth/oidc.js';
import { BrowserSessions } from './browser-sessions.js';
import { sealingKey } from './oidc/begun-sign-in.js';
import { OidcSessions } from './oidc/oidc-sessions.js';
import { OidcSignIn } from './oidc/oidc-sign-in.js';
import { OidcController } from './oidc/oidc.controller.js';
import { SessionController } from './session.controller.js';

@Module({
  imports: [AuthModule],
  controllers: [SessionController, OidcController],
  providers: [
    BrowserSessions,
    OidcSessions,
    {
      provide: OidcSignIn,
      inject: [APP_CONFIG, { token: OIDC_TOKENS, optional: true }],
      useFactory: async ({ nodeEnv, publicUrl, signIn }: AppConfig, tokens: OidcTokens | undefined) => {
        const client = signIn.oidc?.client;
        if (tokens === undefined || client === undefined) return undefined;
        if (consoleSignInFault(signIn, publicUrl, nodeEnv === 'production') !== undefined) return undefined;
        const key = await sealingKey([signIn.adminKey ?? '', client.secret ?? '']);
        return new OidcSignIn(tokens, client, publicUrl, key);
      },
    },
  ],
})
export class SessionModule {}
