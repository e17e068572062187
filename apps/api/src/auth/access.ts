import { SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';
import type { Role } from './roles.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Needs no sign-in. The sign-in and the guard both read it: there is no other list of public routes. */
    public?: boolean;
    /** Makes the API ask the issuer of tokens, for anybody: one address may send fewer such requests. */
    asksIssuer?: boolean;
  }
}

export const NEEDED_ROLE = 'needed-role';

/** The lowest role that may call the route. A route with neither `Roles` nor `Public` refuses everybody. */
export const Roles = (lowest: Role): MethodDecorator & ClassDecorator => SetMetadata(NEEDED_ROLE, lowest);

/** A route that needs no sign-in. A route registered with Fastify itself says so in its `config`. */
export const Public = (more: Pick<FastifyContextConfig, 'asksIssuer'> = {}): MethodDecorator =>
  RouteConfig({ public: true, ...more });
