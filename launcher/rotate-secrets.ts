import { identityToRecipient } from 'age-encryption';
import { keyIdOf, loadEnvFile, readConfig, sealSecret, SecretOpener } from '#libs/platform';
import { openDatabase, SecretRepository } from '#libs/repositories';
import { withDatabaseUrl } from './parts/database.js';
import { localSecrets } from './parts/local-key.js';

// `npm run secrets:rotate`: seals every secret to the first key of SECRETS_PRIVATE_KEY that another of these keys opens, or
// SECRETS_KEY or SECRETS_KEY_PREVIOUS. Exit code 1 when one is left that none of them opens.
const secrets = new SecretRepository();
try {
  loadEnvFile();
  const config = readConfig();
  const { rotated, already, left, keyId } = await withDatabaseUrl(async (url) => {
    const keys = await localSecrets(config);
    const [current] = keys.privateKeys;
    if (current === undefined) {
      throw new Error('SECRETS_PRIVATE_KEY is not set: its first key is the one that secrets are sealed to.');
    }
    const publicKey = await identityToRecipient(current);
    const opener = (await SecretOpener.of(keys))!;
    const currentId = keyIdOf(publicKey);
    const db = await openDatabase(url, {
      role: 'task_chain_engine',
      max: 1,
      applicationName: 'task-chain-rotate-secrets',
    });
    let done = 0;
    let before = 0;
    const faults: string[] = [];
    try {
      before = await secrets.countUnder(db, currentId);
      for (const row of await secrets.underOther(db, currentId)) {
        const { tenant_id: tenant, name } = row;
        try {
          const sealed = await sealSecret(publicKey, tenant, name, await opener.open(tenant, name, row));
          if (await secrets.reseal(db, row, sealed)) done++;
        } catch (error) {
          if (!row.removed) faults.push(`${tenant}/${name}: ${(error as Error).message}`);
        }
      }
    } finally {
      await db.close();
    }
    return { rotated: done, already: before, left: faults, keyId: currentId };
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
