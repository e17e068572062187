import { readConfig } from '#libs/platform';

/** Every variable that the configuration reads, and what Node reads of itself. */
export const variables: ReadonlySet<string> = (() => {
  const asked = new Set(['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'DATABASE_URL']);
  readConfig(
    new Proxy<Record<string, string>>(
      {},
      { get: (_, name) => (typeof name === 'string' && asked.add(name), undefined) },
    ),
  );
  return asked;
})();
