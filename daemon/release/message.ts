/** In the message of a release's own commit. */
const TRAILER = 'Reeve-Release';

export const messageOf = (version: string, job: string): string =>
  `release: v${version}\n\n${TRAILER}: ${version}\nReeve-Job: ${job}\n`;

/** The version whose release this commit is, by its message. */
export const messageVersion = (message: string): string | undefined =>
  new RegExp(`^${TRAILER}: (\\S{1,100})$`, 'm').exec(message)?.[1];
