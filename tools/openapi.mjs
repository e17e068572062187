// Prints the OpenAPI document of the built API. Nothing is opened for it: no port, database or queue.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './steps.mjs';

const built = (path) => import(pathToFileURL(join(ROOT, 'dist', path)).href);
const { createLogger, readAppConfig } = await built('libs/platform/src/index.js');
const { createApp } = await built('apps/api/src/create-app.js');
const { makeDocument } = await built('apps/api/src/openapi/make-document.js');

const config = readAppConfig({ DATABASE_URL: 'postgres://nobody@localhost/none' });
const app = await createApp(config, createLogger('openapi', 'silent'), true);
process.stdout.write(`${JSON.stringify(makeDocument(app), null, 2)}\n`, () => process.exit(0));
