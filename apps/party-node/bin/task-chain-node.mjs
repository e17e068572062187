#!/usr/bin/env node
// The command task-chain-node: what is built of apps/party-node/src, on this process.
import { existsSync } from 'node:fs';

const built = new URL('../../../dist/apps/party-node/src/main.js', import.meta.url);
if (!existsSync(built)) {
  process.stderr.write('task-chain-node is not built yet: npm ci && npm run build\n');
  process.exit(2);
}
const { main } = await import(built);
await main(process);
