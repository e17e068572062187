// Prints the OpenAPI document of the built API. Opens nothing for it: no port, database or queue.
import { createLogger, readAppConfig } from '#libs/platform';
import { createApp } from '../apps/api/src/create-app.js';
import { makeDocument } from '../apps/api/src/openapi/make-document.js';

const config = readAppConfig({ DATABASE_URL: 'postgres://nobody@localhost/none' });
const app = await createApp(config, createLogger('openapi', 'silent'), true);
process.stdout.write(`${JSON.stringify(makeDocument(app), null, 2)}\n`, () => process.exit(0));
