import type { FakeKuscia } from '#libs/testing';
import type { KusciaPatience } from './job-end.js';
import type { KusciaSettings } from './kuscia-settings.js';

/** As in production, but shorter. */
export const IMPATIENT: KusciaPatience = {
  ...{ lookMs: 50, commandMs: 1_000, awayMs: 2_500, oddMs: 400, keepMs: 50, leftMs: 600 },
};

/** The fake as the nodes of alice and bob. */
export const settingsOf = (fake: FakeKuscia, dataRoot: string): KusciaSettings => ({
  ...{ access: fake.access, initiator: 'alice', appImage: 'secretflow-image', componentBy: 'domain' },
  ...{ parties: { alice: { domain: 'alice', folder: 'in/alice' }, bob: { domain: 'bob' } }, dataRoot },
});
