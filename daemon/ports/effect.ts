/** What of a delivery is Reeve's own doing, as the ledger tells it. */
export interface Effect {
  /** For people: `Reeve's comment 7 on acme/shop`. */
  what: string;
  /** Jobs that did it: a rule that started one of them would go round in circles. */
  jobs: string[];
  /** Reeve said it, in answer to people or of incidents: no rule starts on it, whoever caused it. */
  talk: boolean;
}
