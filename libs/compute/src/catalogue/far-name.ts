import { join, relative, resolve } from 'node:path';

/**
 * What an operator's setting calls a party whose folder lies in `root`: its name, and `@acme/alice` where that is the folder of a tenant other than the default one. Two tenants may
 * have parties of one name, which are not the same.
 */
export const farName = (dataRoot: string, root: string, party: string): string =>
  join(relative(resolve(dataRoot), resolve(root)), party);
