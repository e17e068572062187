#!/usr/bin/env node
// The command task-chain: what is built of apps/cli/src, on this process.
import { existsSync } from 'node:fs';

const built = new URL('../../../dist/apps/cli/src/main.js', import.meta.url);
if (!existsSync(built)) {
  process.stderr.write('task-chain is not built yet: npm ci && npm run build\n');
  process.exit(2);
}
const { main } = await import(built);
await main(process);
