import type { HealthChecks } from '#libs/platform';
import { missingMigrations, type Databases } from '#libs/repositories';

/** Makes the API's checks. It is live while it answers, and ready while the database has the schema of this version. */
export function apiHealth({ reads }: Databases): HealthChecks {
  const checkSchema = async (): Promise<void> => {
    const [first] = await missingMigrations(reads);
    if (first !== undefined) throw new Error(`the schema lacks ${first}: run "npm run migrate"`);
  };
  return { live: [], ready: [{ name: 'database', check: checkSchema }] };
}
