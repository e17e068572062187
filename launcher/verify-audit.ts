import { parseArgs } from 'node:util';
import { openDatabase, verifyAudit, type AuditFault, type AuditHead, type AuditReport } from '#libs/repositories';
import { withDatabaseUrl } from './parts/database.js';

// `npm run audit:verify`: reads the audit log and says which rows were altered, removed or moved. Exit code 1 when any
// was. `-- --head <number>:<hash>`, as often as wanted: ends of the log that were noted before.
const WORDS: Readonly<Record<AuditFault['kind'], string>> = {
  altered: 'was altered: its content is not what its hash says',
  removed: 'is not there',
  moved: 'does not follow the row before it: one of the two was exchanged, or their order',
  replaced: 'has another hash than was noted for it',
};

function readHeads(args: readonly string[]): AuditHead[] {
  const { values } = parseArgs({ args: [...args], options: { head: { type: 'string', multiple: true, default: [] } } });
  return values.head.map((text) => {
    const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
    if (seq === undefined) throw new Error(`--head ${text}: write it as this command prints it, <number>:<hash>`);
    return { seq: Number(seq), hash: hash! };
  });
}

function tell({ rows, head, waiting, faults }: AuditReport): string {
  const lines = faults.map(({ seq, kind }) => `row ${seq} ${WORDS[kind]}`);
  lines.push(`${rows} rows${waiting > 0 ? `, ${waiting} changes not yet among them` : ''}`);
  lines.push(`head ${head.seq}:${head.hash}`);
  lines.push(faults.length > 0 ? 'the audit log is NOT whole' : 'the audit log is whole');
  return lines.join('\n');
}

try {
  const heads = readHeads(process.argv.slice(2));
  const report = await withDatabaseUrl(async (url) => {
    const db = await openDatabase(url, {
      role: 'task_chain_engine',
      max: 1,
      applicationName: 'task-chain-verify-audit',
    });
    try {
      return await verifyAudit(db, heads);
    } finally {
      await db.close();
    }
  });
  process.stdout.write(`${tell(report)}\n`);
  process.exitCode = report.faults.length > 0 ? 1 : 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
