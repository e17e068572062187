import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { existsSync, readdirSync } from 'node:fs';
import { PartyGroup } from './party-group.js';

/** Runs a hostile program in a group and says what came of it, as JSON; `parent` is the delegated cgroup. */
const [parent, what] = process.argv.slice(2);
const HOSTILE: Readonly<Record<string, string>> = {
  /** Starts processes in sessions of their own, as many as it can. */
  bomb: `import { spawn } from 'node:child_process';
    let started = 0;
    for (let at = 0; at < 100; at += 1) {
      const child = spawn('sleep', ['20'], { detached: true, stdio: 'ignore' });
      child.on('error', () => undefined);
      if (child.pid !== undefined) started += 1;
    }
    console.log(started);
    process.exit(0);`,
  memory: `Buffer.alloc(400 * 1024 * 1024).fill(1); console.log('held');`,
};

const group = PartyGroup.make({ memoryBytes: 200 * 1024 * 1024, tasks: 40 });
if (group === undefined) throw new Error('no group was made');
const child = spawn(process.execPath, ['--input-type=module'], { stdio: ['pipe', 'pipe', 'inherit'] });
group.add(child.pid!);
let said = '';
child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
child.stdin.end(HOSTILE[what!]);
await once(child, 'exit');
const wasFull = group.wasFull();
group.end();
const groups = (): string[] => readdirSync(parent!).filter((name) => name.startsWith('party-'));
while (existsSync(parent!) && groups().length > 0) await delay(20);
process.stdout.write(JSON.stringify({ said: said.trim(), wasFull }));
