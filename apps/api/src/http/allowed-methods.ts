import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.js';

/** Routes of one path, and the methods that it takes. */
interface KnownPath {
  readonly route: readonly string[];
  readonly methods: Set<string>;
}

/**
 * Answers 405 with `Allow` where the path has routes of other methods, and else 404. Call it before the routes are registered, for it notes
 * them; `refuse` is a hook for after the sign-in: who may not sign in learns of no route.
 */
export function noteMethods(fastify: FastifyInstance): { readonly refuse: () => void } {
  const paths = new Map<string, KnownPath>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? { route: partsOf(url), methods: new Set() };
    paths.set(url, known);
    for (const each of [method].flat()) known.methods.add(each);
  });
  const methodsOf = (path: string): string[] => {
    const found = [...paths.values()].filter(({ route }) => matches(route, partsOf(path)));
    return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
  };
  const refuse = (): void =>
    void fastify.addHook('onRequest', async ({ is404, method, url }) => {
      if (!is404) return;
      const path = url.split('?', 1)[0]!;
      const methods = methodsOf(path);
      if (methods.length === 0) throw new Problem('NOT_FOUND', `There is nothing at ${path.slice(0, 200)}.`);
      const Allow = methods.join(', ');
      throw new Problem('METHOD_NOT_ALLOWED', `There is no ${method} here: use ${Allow}.`, { headers: { Allow } });
    });
  return { refuse };
}

/** A trailing slash means nothing. */
const partsOf = (path: string): string[] => path.replace(/\/$/, '').split('/');

function matches(route: readonly string[], path: readonly string[]): boolean {
  const isOpen = route.at(-1) === '*';
  if (isOpen ? path.length < route.length : path.length !== route.length) return false;
  return route.every((part, at) => part === '*' || part === path[at] || (part.startsWith(':') && path[at] !== ''));
}
