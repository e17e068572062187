import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What starts an app of the folder `dist`: its bundle, or its built files where there is none (an old release, planted bugs). */
export function appScript(dist: string, name: 'api' | 'status-listener' | 'compute-worker'): string {
  const bundle = join(dist, 'apps', name, 'main.mjs');
  return existsSync(bundle) ? bundle : join(dist, 'apps', name, 'src', 'main.js');
}
