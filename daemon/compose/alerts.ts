import { openAlerts, type OpenedAlerts } from '../alerts/index.ts';
import { sayInChat } from './say.ts';
import type { FeatureContext } from './features.ts';

/** Alerts and their outbox over the daemon's ledger. */
export function composeAlerts({
  store,
  config,
  secrets,
  mandates,
  clean,
  warn,
}: FeatureContext): OpenedAlerts {
  const { clock, ledger, state, log, hex } = store;
  return openAlerts({
    clock,
    ledger,
    state,
    config,
    secrets,
    log,
    hex,
    clean,
    warn,
    say: sayInChat(ledger, state),
    accepted: (mandate) => mandates.requireUsable(mandate),
  });
}
