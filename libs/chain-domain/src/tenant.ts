/** The tenant of callers without another one, and of everything that was stored before tenants existed. */
export const DEFAULT_TENANT = 'default';
