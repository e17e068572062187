import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { ApiKeyRepository, Databases, type ApiKeyView } from '#libs/repositories';
import { includes, type Role } from '../auth/roles.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { TtlCache } from '../auth/ttl-cache.js';

/** What a schedule may do, or why it may do nothing now. */
export type OwnerRights =
  | { readonly party: string | null; readonly isAdmin: boolean }
  | { readonly reason: 'KEY_REFUSED' | 'TENANT_CLOSED'; readonly message: string };

/** As for a request, a revoked key ends within 5 s. */
const CACHED_MS = 4_000;

/** The rights of those whom schedules act for, as they count now. */
@Injectable()
export class ScheduleOwners {
  private readonly keys = new TtlCache<ApiKeyView | undefined>(CACHED_MS);

  constructor(
    private readonly databases: Databases,
    private readonly repository: ApiKeyRepository,
    private readonly directory: TenantDirectory,
    @Inject(APP_CONFIG) private readonly config: Pick<AppConfig, 'signIn'>,
  ) {}

  /** Of `admin key` or `key:<id>`, in a tenant. */
  async rightsOf(tenant: string, actor: string): Promise<OwnerRights> {
    if ((await this.directory.enabled(tenant)) === undefined) {
      return { reason: 'TENANT_CLOSED', message: 'The tenant is closed.' };
    }
    if (actor === 'admin key') {
      if (this.config.signIn.adminKey !== undefined) return { party: null, isAdmin: true };
      return refused('The installation has no admin key any more');
    }
    const key = await this.keys.get(`${tenant}/${actor}`, () =>
      this.repository.find(this.databases.forTenant(tenant).reads, actor.replace(/^key:/, '')),
    );
    const { party = null, role, revoked_at: revokedAt, expires_at: expiresAt } = key ?? {};
    if (key === undefined || revokedAt !== null) return refused('The key was revoked');
    if (Date.parse(expiresAt!) <= Date.now()) return refused('The key has expired');
    if (!includes(role as Role, 'author')) return refused(`The role of the key is ${role}`);
    if (party !== null && !(await this.directory.hasParty(tenant, party))) {
      return refused('The party of the key is not there');
    }
    return { party, isAdmin: includes(role as Role, 'admin') };
  }
}

const refused = (why: string): OwnerRights => ({
  reason: 'KEY_REFUSED',
  message: `${why}: save the schedule again with another key.`,
});
