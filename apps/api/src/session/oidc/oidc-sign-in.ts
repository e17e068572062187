import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type ClientAuth,
} from 'openid-client';
import { IssuerFault, type ConsoleClient, type IssuerMetadata } from '#libs/platform';
import type { OidcTokens } from '../../auth/oidc.js';
import { isRefusal, type Identity } from '../../auth/roles.js';
import { SignInCookie, type BegunSignIn } from './begun-sign-in.js';
import { AccountRefused, SignInFailed, type Failure } from './sign-in-failure.js';
import { UsedStates } from './used-states.js';

/** How long the issuer may take to answer, s. */
const ANSWER_S = 5;

/** Where the routes of a sign-in lie. */
export const OIDC_PATH = '/api/v1/session/oidc';

/** Where a sign-in that begins leads, and what the browser keeps of it. */
export interface Begun {
  readonly location: string;
  readonly cookie: string;
}

/**
 * Signs people in at an OpenID Connect issuer: the authorization code flow with PKCE (S256), state and nonce, by openid-client.
 * The API asks for the tokens, and the browser sees none. The ID token then counts by the rules of every token (OidcTokens), for
 * the audience of the console.
 */
export class OidcSignIn {
  readonly cookie: SignInCookie;
  private readonly used = new UsedStates();
  private readonly redirectUri: string;
  private configuration: { readonly of: IssuerMetadata; readonly made: Configuration } | undefined;

  /** `key` seals what the browser keeps. Addresses begin with `publicUrl`, never with what a request says. */
  constructor(
    private readonly tokens: OidcTokens,
    private readonly client: ConsoleClient,
    private readonly publicUrl: string,
    key: Uint8Array,
  ) {
    this.cookie = new SignInCookie(key, publicUrl.startsWith('https:'));
    this.redirectUri = `${publicUrl}${OIDC_PATH}/callback`;
  }

  get startUrl(): string {
    return this.publicUrl + OIDC_PATH;
  }

  /** The address of a path of the console, with a failure that the page there tells. */
  pageOf(path: string, failure?: Failure): string {
    return this.publicUrl + path + (failure === undefined ? '' : `#sign-in=${failure}`);
  }

  /** Leads to the issuer, and in the end to a path that `localPath` gave. */
  async begin(to: string): Promise<Begun> {
    const verifier = randomPKCECodeVerifier();
    const begun = { state: randomState(), nonce: randomNonce(), verifier, to };
    const location = buildAuthorizationUrl(await this.configured(), {
      redirect_uri: this.redirectUri,
      scope: this.client.scope,
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { location: location.href, cookie: await this.cookie.seal(begun) };
  }

  /** The sign-in that this browser began and the issuer answers. Throws SignInFailed where it is of another browser, tab or person. */
  async begunBy(query: URLSearchParams, cookies: string | undefined): Promise<BegunSignIn> {
    const begun = await this.cookie.open(cookies);
    if (begun === undefined || query.getAll('state').join() !== begun.state) throw new SignInFailed('lost');
    return begun;
  }

  /** Who signed in, by the query of the issuer's redirect. Throws AccountRefused, and what `failureOf` reads. */
  async end(query: URLSearchParams, begun: BegunSignIn): Promise<Identity> {
    // One cookie must not have the issuer asked about one code after another.
    if (!this.used.take(begun.state)) throw new SignInFailed('used');
    const back = new URL(this.redirectUri);
    back.search = query.toString();
    const { id_token: token } = await authorizationCodeGrant(await this.configured(), back, {
      expectedState: begun.state,
      expectedNonce: begun.nonce,
      pkceCodeVerifier: begun.verifier,
      idTokenExpected: true,
    });
    const identity = await this.tokens.identify(token!, this.client.id);
    if (isRefusal(identity)) throw new AccountRefused(identity);
    return identity;
  }

  /** Where the issuer signs people out, who then come back; where it cannot, the console itself. */
  async signOutUrl(): Promise<string> {
    const page = this.pageOf('/sign-in');
    const configuration = await this.configured();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return page;
    return buildEndSessionUrl(configuration, { post_logout_redirect_uri: page }).href;
  }

  private async configured(): Promise<Configuration> {
    const metadata = await this.tokens.issuer.metadata();
    if (this.configuration?.of !== metadata) {
      for (const name of ['authorization_endpoint', 'token_endpoint'] as const) {
        if (metadata[name] === undefined) throw new IssuerFault('wrong', `${metadata.issuer} has no ${name}`);
      }
      const { id } = this.client;
      const made = new Configuration({ ...metadata }, id, undefined, authenticationOf(this.client, metadata));
      made.timeout = ANSWER_S;
      // Only of an issuer that is itself without TLS, which production refuses.
      if (metadata.issuer.startsWith('http:')) allowInsecureRequests(made);
      this.configuration = { of: metadata, made };
    }
    return this.configuration.made;
  }
}

/** By Basic, which is what clients have unless the issuer leaves it out. */
function authenticationOf({ secret }: ConsoleClient, metadata: IssuerMetadata): ClientAuth {
  if (secret === undefined) return None();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}
