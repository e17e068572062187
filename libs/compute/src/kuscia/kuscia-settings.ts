/** How an API of Kuscia is reached. All but the endpoint are paths: the files are read at each run, so that new ones count at once. */
export interface KusciaAccess {
  /** `https://host:port` */
  readonly endpoint: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly token: string;
  /** The name in the server's certificate, where that is another than the host. */
  readonly serverName?: string | undefined;
}

/** A party, as Kuscia knows it. */
export interface KusciaParty {
  readonly domain: string;
  /** Of the node: the folder of the party lies in it. By default the node's own one. */
  readonly datasource?: string | undefined;
  /** Where the party's folder of DATA_ROOT lies in that source. By default it is the source. */
  readonly folder?: string | undefined;
  /** The API of its own node, where tables are registered; by default the one that gets the jobs. */
  readonly access?: KusciaAccess | undefined;
}

/** What the engine `kuscia` is made of. */
export interface KusciaSettings {
  readonly access: KusciaAccess;
  /** The domain in whose name jobs are made. */
  readonly initiator: string;
  readonly appImage: string;
  /** How the SecretFlow of that image takes a component: to 1.11 by domain, name and version, from 1.12 on by one id. */
  readonly componentBy: 'domain' | 'comp_id';
  readonly parties: Readonly<Record<string, KusciaParty>>;
  /** Where the parties' folders lie, and the notes of what runs at the nodes. */
  readonly dataRoot: string;
}

/** The variable that sets the engine up: messages name it. */
export const KUSCIA_API = 'KUSCIA_API';
