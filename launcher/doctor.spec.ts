import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { StubIssuer } from '#libs/testing';

/** What the doctor prints, and its exit code. */
function doctor(env: Record<string, string>): Promise<{ code: number; out: string }> {
  const file = fileURLToPath(new URL('doctor.js', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [file], { env, cwd: tmpdir() }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    );
  });
}

describe('npm run doctor', () => {
  it('says what is found, and what could be installed', async () => {
    const { code, out } = await doctor({ PATH: '', DATA_DIR: join(tmpdir(), 'tc-doctor', 'not-there-yet') });
    expect(out).toMatch(/^found {3}Node\.js: \d+\./);
    expect(out).toMatch(/^found {3}PostgreSQL: embedded \d+\.\d+$/m);
    expect(out).toMatch(/^found {3}engine native: sodium-native: \d+\./m);
    expect(out).toMatch(/^none {4}Redis or Valkey: .*install valkey-server, set REDIS_URL$/m);
    expect(out).toMatch(/^none {4}engine secretflow: .*npm run engine:secretflow, and set SECRETFLOW_PYTHON$/m);
    expect(out).toMatch(/^none {4}engine celery: .*set CELERY_BROKERS$/m);
    expect(out).not.toContain('REMOTE_SLOTS');
    expect(out).toMatch(/^none {4}age: .*install age/m);
    expect(out).toMatch(/^ready: engines native$/m);
    expect(code).toBe(0);
  });

  it('tells of what is needed and missing by its exit code too', async () => {
    const folder = join(fileURLToPath(import.meta.url), 'below-a-file');
    const { code, out } = await doctor({ DATA_ROOT: folder, DATABASE_URL: 'postgres://db/x', REDIS_URL: 'redis://q' });
    expect(out).toContain(`MISSING DATA_ROOT: ${folder} cannot be written to`);
    expect(out).toMatch(/^found {3}PostgreSQL: DATABASE_URL$/m);
    expect(out).toMatch(/^not ready: see MISSING$/m);
    expect(code).toBe(1);
  });

  it('says what an engine lacks that is set up', async () => {
    const { code, out } = await doctor({ DATA_DIR: tmpdir(), SECRETFLOW_PYTHON: '/nowhere/bin/python' });
    expect(out).toMatch(
      /^MISSING engine secretflow: SPU: \/nowhere\/bin\/python with SPU .*npm run engine:secretflow/m,
    );
    expect(out).toMatch(/^found {3}engine secretflow: sort: /m);
    expect(code).toBe(1);
  });

  it('says of a fleet what answers, and how many tasks may wait for it, and shows no password', async () => {
    const CELERY_BROKERS = JSON.stringify({ '*': 'redis://:secret@127.0.0.1:1/0' });
    const { code, out } = await doctor({ DATA_DIR: tmpdir(), CELERY_BROKERS, REMOTE_SLOTS: '3' });
    expect(out).toMatch(/^MISSING engine celery: broker: CELERY_BROKERS names a Redis that does not answer/m);
    expect(out).toMatch(/^found {3}REMOTE_SLOTS: 3 tasks of a worker wait for fleets and nodes beside its slots$/m);
    expect([out.includes('secret@'), code]).toEqual([false, 1]);
  });

  it('says whether the OIDC issuer answers, is the one that is named, and can sign people in to the console', async () => {
    const issuer = await StubIssuer.start();
    const { url } = issuer;
    const ask = async (env: Record<string, string>) =>
      (await doctor({ PATH: '', DATA_DIR: tmpdir(), OIDC_ISSUER: url, OIDC_AUDIENCE: 'tc', ...env })).out;
    const client = { OIDC_CLIENT_ID: 'console', PUBLIC_URL: 'https://chains.example.com' };
    try {
      expect(await ask({})).toContain(`found   OIDC_ISSUER: ${url}\n`);
      expect(await ask(client)).toMatch(/^MISSING OIDC_CLIENT_ID: the issuer has no authorization_endpoint/m);
      const endpoints = { authorization_endpoint: `${url}/a`, token_endpoint: `${url}/t` };
      issuer.more = { ...endpoints, code_challenge_methods_supported: ['plain'] };
      expect(await ask(client)).toMatch(/^MISSING OIDC_CLIENT_ID: the issuer has no PKCE by S256/m);
      issuer.more = endpoints;
      const callback = 'https://chains.example.com/api/v1/session/oidc/callback';
      expect(await ask(client)).toContain(`found   OIDC_CLIENT_ID: console, which comes back to ${callback}\n`);
      issuer.more = { issuer: 'https://another.example' };
      expect(await ask({})).toMatch(/^MISSING OIDC_ISSUER: .* is of another issuer: "https:\/\/another\.example"/m);
      issuer.silent = true;
      expect(await ask({})).toMatch(/^MISSING OIDC_ISSUER: .*openid-configuration answered 500: check the address$/m);
    } finally {
      issuer.close();
    }
    expect(await ask({})).toMatch(/^MISSING OIDC_ISSUER: .* does not answer: .*ECONNREFUSED/m);
  });

  it('says which variable is wrong', async () => {
    const { code, out } = await doctor({ PORT: 'x' });
    expect(out).toMatch(/PORT/);
    expect(out).not.toMatch(/^ +at /m);
    expect(code).toBe(1);
  });
});
