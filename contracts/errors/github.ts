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
  GITHUB_EDITED: {
    status: 403,
    exit: 'refused',
    message: 'A comment that was edited asks for nothing.',
    hint: 'Write a new comment.',
  },
  GITHUB_BOT: {
    status: 403,
    exit: 'refused',
    message: 'Only people ask for something in comments; {account} is none.',
    hint: 'Let a rule start the runbook instead (rules: in reeve.yaml).',
  },
  GITHUB_PLACE: {
    status: 403,
    exit: 'refused',
    message: '{where}.',
    hint: 'Commands are heard on pull requests of the repositories in integrations.github.repositories.',
  },
  GITHUB_NOT_HERE: {
    status: 403,
    exit: 'refused',
    message: '{command} is not for comments: {why}.',
    hint: 'What runs a job of this repository’s project, approve, deny and confirm are; the rest is for chat, the command line and the dashboard.',
  },
  GITHUB_CONFIRM_UNKNOWN: {
    status: 409,
    exit: 'refused',
    message: 'Nothing of yours on this pull request waits for the confirmation of {digest}.',
    hint: 'A plan waits {minutes} min for who asked for it; ask again, and confirm what is shown then.',
  },
  GITHUB_FORK: {
    status: 403,
    exit: 'refused',
    message: 'This pull request comes from {where}: nothing is run for what is not in this repository.',
    hint: 'Push the branch to this repository and open a pull request there, or ask in chat or on the command line for a commit of this repository.',
  },
  GITHUB_HEAD: {
    status: 502,
    exit: 'refused',
    message: 'Which commit this is about could not be found out: {why}.',
    hint: 'Ask again in a moment; `reeve alerts list` says whether GitHub refuses the credential.',
  },
  GITHUB_LATE: {
    status: 409,
    exit: 'refused',
    message: 'The comment is {age} old, and counts for no more than {most}.',
    hint: 'Write it again if it still counts. Or an admin has this one looked at: `reeve webhook redeliver {delivery}`.',
  },
  GITHUB_WITHDRAWN: {
    status: 409,
    exit: 'refused',
    message: 'The comment is an old one, and does not stand on GitHub as it was sent: {why}.',
    hint: 'Write it again if it still counts.',
  },
  GITHUB_PLAN_LONG: {
    status: 409,
    exit: 'refused',
    message: 'The plan is too long to be shown whole in a comment, so it cannot be confirmed in one.',
    hint: 'Ask for it in chat, on the command line or in the dashboard.',
  },
} as const satisfies ErrorTable;
