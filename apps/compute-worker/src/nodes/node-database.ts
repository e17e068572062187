/** Injects the `Database` of sites: by a role that may call the functions of sites alone. */
export const NODE_DATABASE = Symbol('NODE_DATABASE');
