/** A host and a port, such as `node.example:7444` or `[::1]:7444`. The port may still be above 65535. */
export const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253}):[1-9][0-9]{0,4}$/;

/** Reads `host:port`, with an IPv6 address in brackets; undefined where it is none. */
export function readHostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  if (!HOST_PORT.test(text) || port > 65_535) return undefined;
  return { host: text.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port };
}
