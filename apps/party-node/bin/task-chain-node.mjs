#!/usr/bin/env node
// The command task-chain-node: what is built of apps/party-node/src, on this process.
import { existsSync } from 'node:fs';

const places = ['bundle/main.mjs', 'src/main.js'].map(
  (path) => new URL(`../../../dist/apps/party-node/${path}`, import.meta.url),
);
const built = places.find(existsSync);
if (!built) {
  process.stderr.write('task-chain-node is not built yet: npm ci && npm run build\n');
  process.exit(2);
}
const { main } = await import(built);
await main(process);
