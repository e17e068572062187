import { readConfig } from '#libs/platform';
import { revertMigration, showMigrations } from '#libs/repositories';
import { withDatabaseUrl } from './parts/database.js';
import { migrateAll } from './parts/schema.js';

// `npm run migrate -- run|revert|show`, on DATABASE_URL or else on the embedded database of DATA_DIR.
const USAGE = 'npm run migrate -- run | revert | show';

async function migrate(command: string, databaseUrl: string): Promise<string> {
  switch (command) {
    case 'run': {
      const applied = await migrateAll(databaseUrl, readConfig().logins);
      return applied.length > 0 ? `applied ${applied.join(', ')}` : 'nothing to apply: the schema is up to date';
    }
    case 'revert': {
      const reverted = await revertMigration(databaseUrl);
      return reverted === null ? 'nothing to take back: no migration is applied' : `took back ${reverted}`;
    }
    case 'show': {
      const states = await showMigrations(databaseUrl);
      return states.map(({ name, applied }) => `${applied ? 'applied' : 'missing'}  ${name}`).join('\n');
    }
    default:
      throw new Error(`unknown command ${JSON.stringify(command)}: ${USAGE}`);
  }
}

try {
  const command = process.argv[2] ?? 'run';
  process.stdout.write(`${await withDatabaseUrl((url) => migrate(command, url), true)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
