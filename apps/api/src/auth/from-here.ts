import { BlockList, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

const HERE = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;
/** Of a request that somebody passed on, so that the sender's address says nothing. */
const PASSED_ON = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

export type Sender = Pick<FastifyRequest, 'headers' | 'ip'>;

/** Whether a request comes from the machine of the API, to an address of this machine, and through no proxy. */
export const isFromHere = ({ headers, ip }: Sender): boolean =>
  loopback.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4') &&
  HERE.test(headers.host ?? '') &&
  PASSED_ON.every((name) => headers[name] === undefined);
