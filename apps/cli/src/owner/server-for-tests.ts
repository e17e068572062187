import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { subjectOf, type Statement } from '#libs/consent';

/** The API as far as owners use it: keeps what is sent, believes it, and may be made to lie. */
export class ServerForTests {
  readonly parties = new Set<string>();
  readonly stored = new Map<string, { statement: Statement; signed: string | null }>();
  approvals: object[] = [];
  /** What the chain of the approvals says of its template, and what that version is. */
  chain: object = { template_id: null, template_version: null };
  version: object = {};
  /** All bodies that came. */
  readonly bodies: string[] = [];
  private readonly server = createServer((request, response) => {
    void this.answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
      response.end(JSON.stringify(body));
    });
  });

  static async start(): Promise<ServerForTests> {
    const made = new ServerForTests();
    await new Promise<void>((resolve) => made.server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The statements as a job carries them. */
  get sent(): (string | Statement)[] {
    return [...this.stored.values()].map(({ statement, signed }) => signed ?? statement);
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage): Promise<[number, object]> {
    const body = await text(request);
    if (body !== '') this.bodies.push(body);
    const url = new URL(request.url!, this.url);
    const [what, id, more] = url.pathname.replace('/api/v1/', '').split('/');
    const kind = url.searchParams.get('kind');
    const all = [...this.stored].map(([subject, { statement, signed }]) => {
      const { party, serial } = statement;
      return { subject, kind: statement.kind, party, serial, body: statement, signed };
    });
    if (request.method === 'POST') {
      const { party, name } = JSON.parse(body) as { party: string; name: string };
      this.parties.add(party);
      return [201, { party, name }];
    }
    if (request.method === 'PUT') {
      const { signed = null, statement: bare } = JSON.parse(body) as { signed?: string; statement?: Statement };
      const statement = bare ?? (JSON.parse(Buffer.from(signed!.split('.')[1]!, 'base64url').toString()) as Statement);
      this.stored.set(subjectOf(statement), { statement, signed });
      return [200, { subject: subjectOf(statement), body: statement, signed }];
    }
    if (what === 'parties' && more === 'statements') {
      return [200, { items: all.filter((each) => each.party === id && (kind === null || each.kind === kind)) }];
    }
    if (what === 'parties' && id !== undefined) {
      return this.parties.has(id) ? [200, { party: id, name: id }] : [404, { code: 'PARTY_NOT_FOUND', status: 404 }];
    }
    if (what === 'parties') return [200, { items: [...this.parties].map((party) => ({ party, name: party })) }];
    if (what === 'chains' && more === undefined) return [200, this.chain];
    if (what === 'templates') return [200, this.version];
    if (what === 'datasets') {
      const datasets = all.map(({ body }) => body).filter((each) => each.kind === 'dataset');
      return [
        200,
        {
          items: datasets.map((each) => ({
            ...each,
            reference: `dataset:${each.party}/${each.name}@${each.version}`,
            removed: each.removed ?? false,
          })),
        },
      ];
    }
    return [200, { items: this.approvals }];
  }
}
