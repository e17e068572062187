import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { freePort, isPortFree } from './free-port.js';

const LINUX_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';

describe('free ports', () => {
  it('are none that an outgoing connection takes', async () => {
    const lowest = existsSync(LINUX_RANGE) ? Number.parseInt(readFileSync(LINUX_RANGE, 'utf8'), 10) : 49_152;
    for (let i = 0; i < 50; i++) expect(await freePort()).toBeLessThan(lowest);
  });

  it('are told from those that somebody listens on', async () => {
    const port = await freePort();
    expect(await isPortFree('127.0.0.1', port)).toBe(true);
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    expect(await isPortFree('127.0.0.1', port)).toBe(false);
    await new Promise((closed) => server.close(closed));
  });
});
