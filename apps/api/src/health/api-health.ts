import type { HealthChecks } from '#libs/platform';
import { requireRoom } from '#libs/postgres';
import { missingMigrations, type Databases } from '#libs/repositories';

/** Makes the API's checks. It is live while it answers, and ready while the database has the schema of this version and room to write. */
export function apiHealth({ reads }: Databases): HealthChecks {
  const check = async (): Promise<void> => {
    const [first] = await missingMigrations(reads);
    if (first !== undefined) throw new Error(`the schema lacks ${first}: run "npm run migrate"`);
    await requireRoom((text) => reads.query({ name: 'room', text }));
  };
  return { live: [], ready: [{ name: 'database', check }] };
}
