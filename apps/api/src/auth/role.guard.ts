import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '../http/problem.js';
import { includes, NEEDED_ROLE, ROLES, type Identity, type Role } from './roles.js';

/** Lets a request through to its route when its caller has the role that the route needs. Asks nobody and no database. */
@Injectable()
export class RoleGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const needed = this.reflector.getAllAndOverride<Role | 'nobody asked' | undefined>(NEEDED_ROLE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (needed === 'nobody asked') return true;
    const { identity } = context.switchToHttp().getRequest<{ identity?: Identity }>();
    if (identity !== undefined && needed !== undefined && includes(identity.role, needed)) return true;
    const roles = needed === undefined ? 'nobody may' : `it takes ${ROLES.slice(ROLES.indexOf(needed)).join(' or ')}`;
    throw new Problem('FORBIDDEN', `The role ${identity?.role ?? 'of nobody'} does not allow this: ${roles}.`);
  }
}
