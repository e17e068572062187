import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import { PartyRepository, readApprovals, type Queryable } from '#libs/repositories';
import { includes, type Identity } from '../auth/roles.js';
import { Problem } from '../http/problem.js';
import { wasClaimed } from './artifact-file.js';

interface WantedArtifact {
  readonly chainId: string;
  readonly taskId: string;
  /** Whose it is; null for one that all parties may read. */
  readonly party: string | null;
}

/** Who may read the artifacts of tasks. */
@Injectable()
export class ArtifactAccess {
  constructor(
    private readonly parties: PartyRepository,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  /** Throws FORBIDDEN for another party's artifact, and WITHDRAWN where an owner took the approval of the task back. */
  async require(reads: Queryable, identity: Identity | undefined, wanted: WantedArtifact): Promise<void> {
    const { chainId, taskId, party } = wanted;
    if (party !== null && identity?.party !== party)
      await this.requireUnclaimed(reads, identity, { chainId, taskId, party });
    const withdrawn = await readApprovals.withdrawnBy(reads, chainId, taskId);
    const other = withdrawn.find((owner) => owner !== identity?.party);
    if (other === undefined) return;
    throw new Problem(
      'WITHDRAWN',
      `The owner of ${other} no longer allows this task: its artifacts are for keys of ${other} alone.`,
    );
  }

  private async requireUnclaimed(
    reads: Queryable,
    identity: Identity | undefined,
    { chainId, taskId, party }: WantedArtifact & { readonly party: string },
  ): Promise<void> {
    const isAdmin = identity !== undefined && includes(identity.role, 'admin');
    const isFree = async (): Promise<boolean> =>
      (await this.parties.find(reads, party)) === undefined &&
      !(await wasClaimed(this.config.artifactRoot, chainId, taskId, party));
    if (isAdmin && (await isFree())) return;
    throw new Problem(
      'FORBIDDEN',
      `This artifact belongs to ${party}: keys of that party download it, and later tasks read it by its reference.`,
    );
  }
}
