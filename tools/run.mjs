#!/usr/bin/env node
// The one entry to everything: node tools/run.mjs <command>, which the scripts in package.json call. It needs nothing but Node
// and npm: it installs and builds what is missing. The commands are in tools/commands.ts.
import { checkNode, ensureBuilt, ensureInstalled } from './bootstrap.mjs';

const [command = 'help', ...args] = process.argv.slice(2);
try {
  checkNode();
  await ensureInstalled();
  await ensureBuilt();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
const { runCommand } = await import('../dist/tools/commands.js');
await runCommand(command, args);
