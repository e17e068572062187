import type { FastifyRequest } from 'fastify';
import { DEFAULT_TENANT } from '#libs/chain-domain';
import { Problem } from '../http/problem.js';

/** Throws FORBIDDEN unless the caller may see what is of all tenants together. */
export function requireAllTenants({ identity }: FastifyRequest): void {
  if (identity?.role === 'platform' || identity?.tenant === DEFAULT_TENANT) return;
  const detail = 'These are the figures of all tenants: they are for the role platform and keys of the tenant default.';
  throw new Problem('FORBIDDEN', detail);
}
