import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { NEEDED_ROLE } from './access.js';
import { includes, ROLES, type Role } from './roles.js';

/** Admits a request whose caller has the role that the route needs. Queries nothing: the sign-in has found the caller. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const { identity, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
    if (routeOptions.config.public === true) return true;
    const needed = this.reflector.getAllAndOverride<Role | undefined>(NEEDED_ROLE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (identity === undefined) throw new Problem('FORBIDDEN', 'Not signed in.');
    if (needed !== undefined && includes(identity.role, needed)) return true;
    const roles = needed === undefined ? 'no role does' : `it takes ${ROLES.slice(ROLES.indexOf(needed)).join(' or ')}`;
    throw new Problem('FORBIDDEN', `The role ${identity.role} does not allow this: ${roles}.`);
  }
}
