import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** IPv4 ranges that IANA lists as not globally reachable, and multicast. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
/** Public IPv6 is 2000::/3 minus transition (Teredo, 6to4) and documentation ranges. */
const PUBLIC = new BlockList();
PUBLIC.addSubnet('2000::', 3, 'ipv6');
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}
/** An IPv4 address written as an IPv6 one. */
const MAPPED = new BlockList();
MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6');

/** Whether an address leads into the own network: loopback, private, link-local, multicast, reserved, or holding one of these. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  // A zone (fe80::1%eth0) is of the own network by itself.
  if (family === 0 || address.includes('%')) return true;
  if (family === 4) return PRIVATE.check(address, 'ipv4');
  // BlockList looks through mapped addresses by itself.
  if (MAPPED.check(address, 'ipv6')) return PRIVATE.check(address, 'ipv6');
  return !PUBLIC.check(address, 'ipv6') || PRIVATE.check(address, 'ipv6');
}

/** Whether the host of a URL leads into the own network without a look at DNS: a private address as it stands, or localhost. */
export function isPrivateHost({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? /(^|\.)localhost\.?$/.test(host) : isPrivateAddress(host);
}

/** Finds all addresses of a name. */
export type Resolve = (
  hostname: string,
  options: { all: true; family?: number; hints?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves a name for the connection itself, and refuses private addresses: what was checked is what is connected to,
 * so a name that resolves to another address a moment later gains nothing.
 */
export function publicLookup(resolve: Resolve = dnsLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, family: numberOf(options.family), all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const refused = addresses.find(({ address }) => isPrivateAddress(address));
      const [first] = addresses;
      if (refused !== undefined || first === undefined) {
        return callback(new Error(`${hostname} leads to a private address`), '', 0);
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

const numberOf = (family: number | 'IPv4' | 'IPv6' | undefined): number =>
  family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : (family ?? 0);
