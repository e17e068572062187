import { Controller, Get, Inject, Optional, Query, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { LOGGER, type Logger } from '#libs/platform';
import { Public } from '../../auth/access.js';
import { RefusedSignIns } from '../../auth/refused-sign-ins.js';
import { SessionCookie } from '../../auth/session-cookie.js';
import { SignInRefused } from '../../auth/sign-in.js';
import { ApiProblems } from '../../http/api-problems.js';
import { Problem } from '../../http/problem.js';
import { localPath } from './local-path.js';
import { SignInWaysDto } from './oidc.dto.js';
import { OIDC_PATH, OidcSignIn } from './oidc-sign-in.js';
import { OidcSessions } from './oidc-sessions.js';
import { AccountRefused, failureOf, type Failure } from './sign-in-failure.js';

/** Codes of errors that an issuer answers by, such as `unauthorized_client`: a link may hold anything in their place. */
const CODE = /^[\w.-]{1,60}$/;

/**
 * Sign-in to the console at the OpenID Connect provider. Browsers come here by themselves: no route takes a key. Those that answer by
 * redirects, whatever happens, are not in the document of the API: no other client could use them.
 */
@ApiTags('session')
@Controller('session')
export class OidcController {
  constructor(
    @Optional() @Inject(OidcSignIn) private readonly oidc: OidcSignIn | undefined,
    private readonly sessions: OidcSessions,
    private readonly refused: RefusedSignIns,
    private readonly cookie: SessionCookie,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  @Get('ways')
  @Public()
  @ApiOperation({
    operationId: 'getSignInWays',
    security: [],
    summary: 'Get how people can sign in',
    description: 'What the sign-in page of the console offers beside a key. It needs no sign-in.',
  })
  @ApiResponse({ status: 200, type: SignInWaysDto, description: 'The ways.' })
  @ApiProblems(503)
  ways(): SignInWaysDto {
    const start = this.oidc?.startUrl;
    return { oidc: start === undefined ? null : { start_url: start, sign_out_url: `${start}/sign-out` } };
  }

  /** Leads to the provider, and in the end to the path of the console that `return` names. */
  @Get('oidc')
  @Public({ asksIssuer: true })
  @ApiExcludeEndpoint()
  async start(@Query('return') wanted: unknown, @Res() reply: FastifyReply): Promise<void> {
    const oidc = this.needed();
    const path = localPath(wanted);
    await this.leading(
      reply,
      () => path,
      async () => {
        const { location, cookie } = await oidc.begin(path);
        reply.header('Set-Cookie', cookie);
        return location;
      },
    );
  }

  /** Where the provider leads back to: opens a session of 12 h at most, and of no more than the ID token. */
  @Get('oidc/callback')
  @Public({ asksIssuer: true })
  @ApiExcludeEndpoint()
  async end(@Res() reply: FastifyReply): Promise<void> {
    const oidc = this.needed();
    const { url, headers, ip } = reply.request;
    const query = new URL(url, oidc.startUrl).searchParams;
    let path = '/sign-in';
    await this.leading(
      reply,
      () => path,
      async () => {
        const begun = await oidc.begunBy(query, headers.cookie);
        path = begun.to;
        // It ends here, whatever comes of it.
        reply.header('Set-Cookie', oidc.cookie.none);
        const { token, seconds } = await this.sessions.open(await oidc.end(query, begun), reply);
        // Whatever a proxy made of the request, it came by PUBLIC_URL.
        const sent = { headers: { ...headers, origin: oidc.startUrl }, ip };
        reply.header('Set-Cookie', this.cookie.for(sent, token, seconds));
        return oidc.pageOf(path);
      },
    );
  }

  /** Leads to where the provider signs people out. It ends no session here: `DELETE /session` does. */
  @Get('oidc/sign-out')
  @Public({ asksIssuer: true })
  @ApiExcludeEndpoint()
  async signOut(@Res() reply: FastifyReply): Promise<void> {
    const oidc = this.needed();
    await this.leading(
      reply,
      () => '/sign-in',
      () => oidc.signOutUrl(),
    );
  }

  private needed(): OidcSignIn {
    if (this.oidc !== undefined) return this.oidc;
    throw new Problem('NOT_FOUND', 'No sign-in at an OpenID Connect provider is set up: see OIDC_CLIENT_ID.');
  }

  /** Redirects to what `to` finds, or back to a page that says what went wrong. */
  private async leading(reply: FastifyReply, back: () => string, to: () => Promise<string>): Promise<void> {
    reply.header('Cache-Control', 'no-store');
    const location = await to().catch((error: unknown) => {
      const failure = failureOf(error);
      if (failure === undefined) throw error;
      this.note(failure, error, reply);
      return this.needed().pageOf(back(), failure);
    });
    void reply.redirect(location, 303);
  }

  private note(failure: Failure, error: unknown, { request }: FastifyReply): void {
    if (error instanceof AccountRefused || error instanceof SignInRefused) this.refused.note(error.refusal, request);
    else if (failure === 'answer' || failure === 'lost')
      this.refused.note({ refused: 'wrong answer of the issuer', actor: null, tenant: null }, request);
    // Messages alone: what an error brings besides may hold the code.
    const { message, cause, error: code } = error as Error & { error?: unknown };
    const why = [message, (cause as Error | undefined)?.message].map((text) => text?.slice(0, 500));
    const answered = typeof code === 'string' && CODE.test(code) ? code : undefined;
    const fields = { failure, answered, why, path: OIDC_PATH, request_id: request.id };
    this.log.warn(fields, 'a sign-in at the issuer failed');
  }
}
