/** Every route of a Fastify router, `METHOD /path`, out of what its `printRoutes()` draws. */
export function routesOf(drawn: string): string[] {
  const routes: string[] = [];
  const path: string[] = [];
  for (const line of drawn.split('\n')) {
    const [, indent, segment, methods] = /^((?:│ {3}| {4})*)[├└]── (.*?)(?: \(([A-Z, -]+)\))?$/.exec(line) ?? [];
    if (segment === undefined) continue;
    path.splice(indent!.length / 4, Infinity, segment);
    for (const method of methods?.split(', ') ?? []) routes.push(`${method} ${path.join('')}`);
  }
  return routes;
}
