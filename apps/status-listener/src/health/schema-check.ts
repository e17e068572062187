import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Databases, missingMigrations } from '#libs/repositories';

/** Keeps the listener from starting on a schema that is older than it. Migrations keep a newer one usable. */
@Injectable()
export class SchemaCheck implements OnModuleInit {
  constructor(private readonly databases: Databases) {}

  /** Before any loop starts. */
  async onModuleInit(): Promise<void> {
    await this.check();
  }

  /** Throws when migrations are missing. */
  async check(): Promise<void> {
    const missing = await missingMigrations(this.databases.engine);
    if (missing.length > 0) {
      throw new Error(`the database lacks ${missing.length} migrations (${missing[0]} …): run "npm run migrate"`);
    }
  }
}
