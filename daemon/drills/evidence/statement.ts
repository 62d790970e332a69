import type { JsonObject } from '../../../contracts/json.ts';

/** in-toto Statement v1 (in-toto attestation framework, spec/v1/statement.md) and its media type. */
export const STATEMENT_TYPE = 'application/vnd.in-toto+json';
/** Names the shape of `predicate`: the evidence document of a drill. */
export const PREDICATE = 'urn:reeve:drill-result:v1';

/**
 * Says of a subject (the backup that was restored) what the drill found. It is not signed by itself: its digest stands in
 * the `drill.result` record, which the ledger's signed checkpoints cover.
 *
 * @param digest `sha256:<hex>`
 */
export function statement(name: string, digest: string, predicate: JsonObject): JsonObject {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digest.replace(/^sha256:/, '') } }],
    predicateType: PREDICATE,
    predicate,
  };
}
