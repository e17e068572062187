import { TestLines, type Body, type SeenMessage } from '../mpc/lines-for-tests.js';
import type { SumContext } from './masked-sum.js';

/** Lines between each two parties inside one process. What a party says can be changed on its way, and a party can be lost before a message. */
export class MeshNetwork extends TestLines {
  /** `change` returns what arrives; undefined: its sender is lost. */
  constructor(
    private readonly parties: readonly string[],
    private readonly change: (message: SeenMessage) => Body | undefined = ({ body }) => body,
  ) {
    super();
  }

  override party(name: string): SumContext {
    return { ...super.party(name), peers: this.parties.filter((each) => each !== name).sort() };
  }

  /** The vectors that crossed, as the network saw them. */
  vectors(from: string, to?: string): Uint8Array[] {
    return this.seen.flatMap(({ body, ...line }) =>
      line.from === from && (to === undefined || line.to === to) && body instanceof Uint8Array ? [body] : [],
    );
  }

  protected override arriving(message: SeenMessage): Body | undefined {
    return this.change(message);
  }
}
