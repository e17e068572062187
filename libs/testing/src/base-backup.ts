import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withConnection } from '#libs/local-postgres';

/**
 * Copies the cluster of a server that runs, as `pg_basebackup` does, to the folder `copy`, which must not exist: files as they are,
 * then the log that makes them whole. `url` is one of the server's databases, of a superuser.
 */
export async function takeBaseBackup(url: string, cluster: string, copy: string): Promise<void> {
  await withConnection(url, async (client) => {
    await client.query(`SELECT pg_backup_start('test', true)`);
    copyTree(cluster, copy);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    copyTree(join(cluster, 'pg_wal'), copy);
    // It belongs to the server's user, as the rest does.
    copyTree(join(copy, 'PG_VERSION'), join(copy, 'backup_label'));
    writeFileSync(join(copy, 'backup_label'), rows[0]!.labelfile);
  });
  for (const file of ['postmaster.pid', 'postmaster.opts']) rmSync(join(copy, file), { force: true });
}

/** With owners, as `cp -a`. A file that goes meanwhile, as those of a dropped table do, is left out. */
function copyTree(from: string, to: string): void {
  const { stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  const faults = stderr.split('\n').filter((line) => line !== '' && !line.endsWith('No such file or directory'));
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
