// Makes the generated part of the TypeScript client from openapi.json.
import { join } from 'node:path';
import { ROOT } from './steps.mjs';

export const CLIENT = 'clients/typescript';

/** Writes the types and operations into `folder`, in place of what is there. */
export async function generateClient(folder = join(ROOT, CLIENT, 'src', 'generated')) {
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
