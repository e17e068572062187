/** The longest path that a sign-in leads back to: it is kept in a cookie. */
const MOST = 1_000;
/** An origin that nobody has. */
const HERE = 'http://here.invalid';

/**
 * Where a sign-in leads back to: a path of the console with its query. Anything else, such as an address of another site however
 * it is written, or a route of the API, becomes `/`.
 */
export function localPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > MOST || !/^\/[\x21-\x7e]*$/.test(wanted)) return '/';
  // Browsers read \ as /, leave tabs and line ends out, and resolve /.//evil to //evil: so does URL.
  if (!URL.canParse(wanted, HERE)) return '/';
  const { origin, pathname, search } = new URL(wanted, HERE);
  if (origin !== HERE || pathname.startsWith('//') || isOfApi(pathname)) return '/';
  return pathname + search;
}

/** The API's router decodes before it compares, and no page of the console needs that in its first part. */
const isOfApi = (pathname: string): boolean => /^\/(api(\/|$)|[^/]*%)/i.test(pathname);
