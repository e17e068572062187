import { loadEnvFile, readConfig, secretKeysOf } from '#libs/platform';
import { openDatabase, SecretRepository } from '#libs/repositories';
import { withDatabaseUrl } from './parts/database.js';
import { localSecretsKey } from './parts/local-key.js';

// `npm run secrets:rotate`: wraps the data key of every secret by SECRETS_KEY that is wrapped by SECRETS_KEY_PREVIOUS. Values
// are not opened. Exit code 1 when one is left under a key that is not there.
const secrets = new SecretRepository();
try {
  loadEnvFile();
  const config = readConfig();
  const { rotated, already, left, keyId } = await withDatabaseUrl(async (url) => {
    const keys = secretKeysOf(config.secrets) ?? secretKeysOf({ key: localSecretsKey(config.dataDir) })!;
    const db = await openDatabase(url, {
      role: 'task_chain_engine',
      max: 1,
      applicationName: 'task-chain-rotate-secrets',
    });
    let done = 0;
    let before = 0;
    const faults: string[] = [];
    try {
      before = await secrets.countUnder(db, keys.currentId);
      for (const row of await secrets.underOther(db, keys.currentId)) {
        try {
          const wrapped = keys.rewrap(row.tenant_id, row.name, row)!;
          if (await secrets.rewrap(db, row, wrapped)) done++;
        } catch (error) {
          if (!row.removed) faults.push(`${row.tenant_id}/${row.name}: ${(error as Error).message}`);
        }
      }
    } finally {
      await db.close();
    }
    return { rotated: done, already: before, left: faults, keyId: keys.currentId };
  });
  for (const fault of left) process.stdout.write(`${fault}\n`);
  process.stdout.write(
    `${rotated} secrets were changed to the key ${keyId}, ${already} were under it already, ${left.length} are left\n`,
  );
  process.exitCode = left.length > 0 ? 1 : 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
