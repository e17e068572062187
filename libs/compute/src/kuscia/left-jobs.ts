import { endJob, isEnded, KUSCIA_PATIENCE } from './job-end.js';
import { KusciaApi, KusciaRefusal } from './kuscia-api.js';
import { KusciaNotes, type LeftJob } from './kuscia-notes.js';
import type { KusciaSettings } from './kuscia-settings.js';

/** How long it stays noted that a job must not be made, or has succeeded: longer than any attempt takes. */
const SETTLED_MS = 7 * 86_400_000;
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
  const endLeft = async ({ id, note, ageMs }: LeftJob): Promise<void> => {
    if (note.state === 'fenced' || note.state === 'done') {
      if (ageMs > SETTLED_MS) await notes.letGo(id);
      return;
    }
    if (ageMs < (note.state === 'ending' ? othersMs : leftMs)) return;
    const status = await api.queryJob(id);
    if (status === undefined) {
      // A request that was under way would have made it by now.
      if (ageMs > leftMs) await notes.letGo(id);
    } else if (note.state === 'open' && status.state === 'Succeeded') await notes.set(id, { ...note, state: 'done' });
    else if (isEnded(status)) await notes.letGo(id);
    else await endJob(api, notes, id, note.follower);
  };
  try {
    for (const left of await notes.all()) {
      await endLeft(left).catch((error: unknown) => {
        // What Kuscia refuses of one says nothing of the others.
        if (!(error instanceof KusciaRefusal)) throw error;
      });
    }
  } catch {
    // Kuscia is away: the next round finds what is left.
  } finally {
    api.close();
  }
}
