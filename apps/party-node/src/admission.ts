import { createPublicKey, X509Certificate } from 'node:crypto';
import { fingerprintOf, makeRequest, type Identity, type Subject } from '#libs/peers';
import type { ControlPlane, NodeFolder } from './node-folder.js';
import { Refusal } from './refusal.js';
import { withStore } from './site-store.js';

/** What an invitation says. The control plane knows it by its secret alone. */
export interface Invitation {
  readonly token: string;
  readonly subject: Subject;
  readonly dealer: boolean;
  /** `sha256:<hex>` of the key of the authority that invites. */
  readonly authority: string;
}

const TOKEN =
  /^tci_([a-z0-9][a-z0-9_-]{0,63})\.([A-Za-z][A-Za-z0-9_-]{0,63})\.(party|dealer)\.[\w-]{43}\.([0-9a-f]{64})$/;
const ANSWER_MS = 30_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The URL of a control plane, without a slash at the end. Throws Refusal for what is none, and for plain HTTP beyond this machine: there
 * only a certificate keeps the token from others.
 */
export function controlPlaneUrl(text: string): string {
  const { protocol, hostname } = URL.canParse(text) ? new URL(text) : { protocol: '', hostname: '' };
  if (protocol !== 'https:' && protocol !== 'http:') throw new Refusal(`${text} is no http(s) URL.`);
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    throw new Refusal(
      `${text} is plain HTTP: others on the way could read the token, or answer. Use the https:// URL of the control plane (of a site that has joined: control_plane.url in node.json); http:// is for this machine alone (localhost).`,
    );
  return text.replace(/\/+$/, '');
}

/** Reads an invitation. Throws Refusal for any other text. */
export function readInvitation(text: string): Invitation {
  const token = text.trim();
  const [, tenant, name, role, authority] = TOKEN.exec(token) ?? [];
  if (tenant === undefined) throw new Refusal('That is no invitation: it begins with tci_, and is one line.');
  return { token, subject: { tenant, name: name! }, dealer: role === 'dealer', authority: `sha256:${authority}` };
}

/** Joins a control plane with the key of this site, by an invitation. `url` is a controlPlaneUrl. Throws Refusal where it is refused. */
export async function join(
  folder: NodeFolder,
  url: string,
  invitation: Invitation,
  signal: AbortSignal,
): Promise<string> {
  const identity = await folder.identity();
  const { token, subject, authority } = invitation;
  const csr = await makeRequest(identity, subject);
  const answer = await ask(`${url}/api/v1/nodes/join`, { csr }, signal, { authorization: `Invitation ${token}` });
  const control = { url, tenant: subject.tenant, authority };
  const advice = `Whoever answered has the token, which is no longer safe: ask for a new invitation, which replaces it (task-chain parties invite ${subject.name}).`;
  const ends = await keep(folder, identity, { control, subject, advice }, answer);
  await withStore(folder.path, (store) => store.note('joined', { ...control, ends }));
  return ends;
}

/**
 * Has the certificate of this site renewed where it ends soon. Asks each time, so that a site which was shut out learns of it. Returns when
 * it ends then, in ISO 8601. Throws Refusal.
 */
export async function renew(folder: NodeFolder, signal: AbortSignal): Promise<string> {
  const { name, control_plane: control } = await folder.read();
  if (!control) throw new Refusal(`This site has not joined: task-chain-node join <url> --folder ${folder.path}`);
  const subject = { tenant: control.tenant, name };
  const identity = await folder.identity();
  const answer = await ask(
    `${controlPlaneUrl(control.url)}/api/v1/nodes/certificate`,
    { csr: await makeRequest(identity, subject) },
    signal,
  );
  const before = (await folder.admission()).identity.cert;
  const ends = await keep(folder, identity, { control, subject, advice: 'Ask who runs it.' }, answer);
  if (answer.certificate !== before) await withStore(folder.path, (store) => store.note('renewed', { ends }));
  return ends;
}

/** Which control plane has admitted this site, and until when, in ISO 8601; undefined where none has, or the certificate has ended. */
export async function admitted(
  folder: NodeFolder,
): Promise<{ readonly url: string; readonly ends: string } | undefined> {
  const control = (await folder.exists()) ? (await folder.read()).control_plane : undefined;
  if (!control) return undefined;
  const own = certificateOf((await folder.admission()).identity.cert);
  return own && Date.parse(own.validTo) > Date.now() ? { url: control.url, ends: endOf(own) } : undefined;
}

interface Admitted {
  readonly certificate: string;
  readonly authority: string;
}

interface Expected {
  readonly control: ControlPlane;
  readonly subject: Subject;
  /** What to do where another answered. */
  readonly advice: string;
}

/** Keeps a certificate, if it is what this site asked for, of the authority that invited it. */
async function keep(
  folder: NodeFolder,
  identity: Identity,
  { control, subject, advice }: Expected,
  answer: Admitted,
): Promise<string> {
  const root = certificateOf(answer.authority);
  const own = certificateOf(answer.certificate);
  const fingerprint = root && fingerprintOf(root.publicKey);
  if (!root || fingerprint !== control.authority)
    throw new Refusal(
      `${control.url} answered for another authority (${fingerprint ?? 'none'}) than the one that invited this site (${control.authority}). Nothing was kept. ${advice}`,
    );
  const isOwn =
    own?.publicKey.equals(createPublicKey(identity.key)) && own.subject === `O=${subject.tenant}\nCN=${subject.name}`;
  if (!own || !isOwn || !own.verify(root.publicKey))
    throw new Refusal(
      `${control.url} gave a certificate that is not of this site and its authority. Nothing was kept. ${advice}`,
    );
  await folder.admit(control, answer.certificate, answer.authority);
  return endOf(own);
}

function certificateOf(pem: unknown): X509Certificate | undefined {
  try {
    return typeof pem === 'string' ? new X509Certificate(pem) : undefined;
  } catch {
    return undefined;
  }
}

const endOf = (certificate: X509Certificate): string => new Date(certificate.validTo).toISOString();

async function ask(
  url: string,
  body: object,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<Admitted> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    redirect: 'error' as const,
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
  };
  const response = await fetch(url, request).catch((error: Error) => {
    if (signal.aborted) throw error;
    const { code } = (error.cause ?? {}) as { code?: string };
    throw new Refusal(`${url} does not answer (${code ?? error.name}).`);
  });
  const answer = (await response.json().catch(() => ({}))) as Partial<Admitted> & { detail?: string };
  if (!response.ok) throw new Refusal(`${url} refused with ${response.status}: ${answer.detail ?? 'no reason'}`);
  return answer as Admitted;
}
