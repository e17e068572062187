import { join } from 'node:path';
import { ROOT } from './steps.js';

/** The folder of the TypeScript client. */
export const CLIENT = 'clients/typescript';

/** Makes the generated part of the TypeScript client from openapi.json. Writes the types and operations into `folder`, in place of what is there. */
export async function generateClient(folder = join(ROOT, CLIENT, 'src', 'generated')): Promise<void> {
  const { createClient } = await import('@hey-api/openapi-ts');
  await createClient({
    input: join(ROOT, 'openapi.json'),
    output: { path: folder, importFileExtension: '.js' },
    logs: { level: 'silent', file: false },
    plugins: [
      { name: '@hey-api/client-fetch', throwOnError: true },
      '@hey-api/typescript',
      {
        name: '@hey-api/sdk',
        operations: { strategy: 'single', containerName: 'Operations', methods: 'instance' },
        responseStyle: 'data',
      },
    ],
  });
}
