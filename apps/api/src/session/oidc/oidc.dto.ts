import { ApiProperty } from '@nestjs/swagger';

export class OidcWayDto {
  /** Open it in the browser to sign in; `?return=<path>` is where it then leads. */
  @ApiProperty({ example: 'https://chains.example.com/api/v1/session/oidc' })
  start_url: string;
  /** Open it after the session was ended: it signs out at the provider. */
  @ApiProperty({ example: 'https://chains.example.com/api/v1/session/oidc/sign-out' })
  sign_out_url: string;
}

export class SignInWaysDto {
  /** The sign-in at the OpenID Connect provider; null where none is set up. A key or a token signs in always. */
  @ApiProperty({ type: OidcWayDto, nullable: true })
  oidc: OidcWayDto | null;
}
