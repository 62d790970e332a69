import type { ErrorTable } from './table.ts';

export const githubErrors = {
  GITHUB_NOT_CONFIGURED: {
    status: 409,
    exit: 'usage',
    message: 'Reeve may not call GitHub: no app and no token is configured.',
    hint: 'Set integrations.github.app (id, installation, key) or integrations.github.token in reeve.yaml.',
  },
  GITHUB_KEY_INVALID: {
    status: 409,
    exit: 'failed',
    message: 'The secret {secret} is no private key of a GitHub App.',
    hint: 'Make a private key on the page of the app, and store the whole file: reeve secret set {secret} --value - < app.pem',
  },
} as const satisfies ErrorTable;
