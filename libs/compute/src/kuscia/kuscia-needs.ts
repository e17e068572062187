import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { folderFinding } from '../catalogue/folder-finding.js';
import { EngineNotReady } from '../contract/task-type.js';
import type { Finding } from '../contract/task-runner.js';
import { KusciaApi, KusciaRefusal } from './kuscia-api.js';
import { NOTES } from './kuscia-notes.js';
import { KUSCIA_API, type KusciaAccess, type KusciaSettings } from './kuscia-settings.js';

const ANSWER_MS = 5_000;
const DAY_MS = 86_400_000;

/** What the engine needs of Kuscia, and whether it is there. Never throws. */
export async function needsOfKuscia(settings: KusciaSettings): Promise<readonly Finding[]> {
  const { access, parties, dataRoot } = settings;
  const notes = folderFinding('notes', join(dataRoot, NOTES), 'give this user the right');
  const own = Object.entries(parties).flatMap(([party, { access: other }]) =>
    other ? [[` of ${party}`, other] as const] : [],
  );
  const found = await Promise.all([['', access] as const, ...own].map(([of, each]) => apiOf(`API${of}`, each)));
  const isThere = found[0]![0]!.found !== null;
  return [...found.flat(), ...(isThere ? await domainsOf(settings) : []), await notes];
}

async function apiOf(what: string, access: KusciaAccess): Promise<Finding[]> {
  const api = new KusciaApi(access, ANSWER_MS);
  // Kuscia does not say which is wrong of one that has ended.
  const certificate = await certificateOf(what, access).catch(() => []);
  try {
    const isReady = await api.isReady();
    const mend = `${access.endpoint} answers, and says that it is not ready: look at its log`;
    return [{ what, found: isReady ? access.endpoint : null, mend }, ...certificate];
  } catch (error) {
    const mend =
      error instanceof EngineNotReady
        ? error.mend
        : `${KUSCIA_API} names ${access.endpoint}, which does not answer: start it, or set "endpoint" right`;
    return [{ what, found: null, mend }, ...certificate];
  } finally {
    api.close();
  }
}

async function certificateOf(what: string, { cert }: KusciaAccess): Promise<Finding[]> {
  const until = new Date(new X509Certificate(await readFile(cert)).validTo);
  // How soon that is, people see: a worker that is not ready before would end what still goes on.
  const days = Math.floor((until.getTime() - Date.now()) / DAY_MS);
  const day = until.toISOString().slice(0, 10);
  const mend = `"cert" of ${KUSCIA_API} (${cert}) ends on ${day}: have Kuscia's CA sign another`;
  return [{ what: `certificate for the ${what}`, found: days < 0 ? null : `until ${day}, in ${days} days`, mend }];
}

async function domainsOf({ access, parties }: KusciaSettings): Promise<Finding[]> {
  const api = new KusciaApi(access, ANSWER_MS);
  try {
    const found: Finding[] = [];
    for (const [party, { domain }] of Object.entries(parties)) {
      const isKnown = await api.hasDomain(domain).catch((error: unknown) => {
        // A node that is its own master may not look at those of others.
        if (error instanceof KusciaRefusal) return true;
        throw error;
      });
      const mend = `Kuscia does not know the domain ${domain}, which ${KUSCIA_API} names for ${party}`;
      found.push({ what: `domain of ${party}`, found: isKnown ? domain : null, mend });
    }
    return found;
  } catch {
    return [{ what: 'domains', found: null, mend: 'Kuscia stopped to answer: look at its log' }];
  } finally {
    api.close();
  }
}
