import type { CoSignView } from '../../contracts/cosign.ts';
import type { Reply } from '../../contracts/reply.ts';

/** What people decide with keys of their own, over any connection: the key says who it is. */
export interface Cosigning {
  /** Rejects what `Grants.look` throws, `REQUEST_NOT_FOUND`, `FORBIDDEN`. */
  look(token: string): Promise<CoSignView>;
  /** At the door as that person. Rejects what `Grants.decision` throws; a refusal of the door is a reply. */
  decide(token: string): Promise<Reply>;
}
