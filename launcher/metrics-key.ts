import { readFileSync, writeFileSync } from 'node:fs';
import { readConfig } from '#libs/platform';

// `metrics-key <file>`: keeps an API key with the role viewer in the file, for Prometheus. It makes one by ADMIN_API_KEY at API_URL
// at the first start, and another where that one has expired or was revoked.
const [file] = process.argv.slice(2);
const { API_URL: baseUrl } = process.env;
const admin = readConfig().signIn.adminKey;
if (!file || !baseUrl || !admin) {
  process.stderr.write('metrics-key <file>: API_URL and ADMIN_API_KEY (or ADMIN_API_KEY_FILE) must be set\n');
  process.exit(2);
}

const counts = async (token: string): Promise<boolean> =>
  (await fetch(`${baseUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } })).status !== 401;

const kept = readKept(file);
if (kept === undefined || !(await counts(kept))) {
  const response = await fetch(`${baseUrl}/api/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'prometheus', role: 'viewer' }),
  });
  if (response.status !== 201) throw new Error(`POST /keys answered ${response.status}`);
  // Prometheus runs as another user. Only these two mount the volume.
  writeFileSync(file, ((await response.json()) as { key: string }).key, { mode: 0o644 });
}

function readKept(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
