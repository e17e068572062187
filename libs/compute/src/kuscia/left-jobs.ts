import { endJob, isEnded, KUSCIA_PATIENCE } from './job-end.js';
import { KusciaApi } from './kuscia-api.js';
import { KusciaNotes } from './kuscia-notes.js';
import type { KusciaSettings } from './kuscia-settings.js';

/** How long it stays noted that a job must not be made: longer than any attempt takes. */
const FENCED_MS = 7 * 86_400_000;
/** A run of another worker may be at it. */
const OTHERS_MS = 5_000;

/** Ends jobs that nobody follows: their worker died or was stopped, and their chain ended before another attempt began. Goes on with ends that nobody has confirmed. Never throws. */
export async function endLeftJobs(
  settings: KusciaSettings,
  { leftMs, commandMs } = KUSCIA_PATIENCE,
  othersMs = OTHERS_MS,
): Promise<void> {
  const notes = new KusciaNotes(settings.dataRoot);
  const api = new KusciaApi(settings.access, commandMs);
  try {
    for (const { id, note, ageMs } of await notes.all()) {
      if (note.state === 'fenced') {
        if (ageMs > FENCED_MS) await notes.letGo(id);
        continue;
      }
      if (ageMs < (note.state === 'ending' ? othersMs : leftMs)) continue;
      const status = await api.queryJob(id);
      if (status !== undefined && (isEnded(status) || (await endJob(api, notes, id, note.follower)))) {
        await notes.letGo(id);
        continue;
      }
      if (status !== undefined) continue;
      // Not there: a request that was under way would have made it by now.
      if (ageMs > leftMs) await notes.letGo(id);
    }
  } catch {
    // Kuscia is away: the next round finds what is left.
  } finally {
    api.close();
  }
}
