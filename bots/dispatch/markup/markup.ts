/**
 * How one platform writes things. Everything that is handed in is foreign text and comes out harmless: it mentions nobody,
 * formats nothing and ends no block.
 */
export interface Markup {
  text(text: string): string;
  /** The heading of a message, one line. */
  title(text: string): string;
  bold(text: string): string;
  /** One line in a fixed-width face. */
  code(text: string): string;
  /** A line within `fence`. */
  inFence(line: string): string;
  /** An address that the daemon made, under words of ours. */
  link(label: string, url: string): string;
  /** What stands before and after lines in a fixed-width face. */
  fence: { open: string; close: string };
  /** A moment, ms since the epoch, shown in the reader's zone. */
  time(at: number): string;
}

/** Parts text from what a platform would take it for; takes up no room. */
export const ZERO_WIDTH = '\u200b';

/** An address in which nothing ends or formats a link on any platform. */
export const isPlain = (url: string): boolean => /^https?:\/\/[A-Za-z0-9.:/_~#-]+$/.test(url);
