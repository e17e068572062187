/** The tenant of whoever is told of no other, and of all that was stored before there were tenants. */
export const DEFAULT_TENANT = 'default';
