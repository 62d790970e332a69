import { harmless } from '../text.ts';
import { stamp } from '../units.ts';
import type { Markup } from './markup.ts';

/** A text file. */
export const plainMarkup: Markup = {
  text: harmless,
  title: harmless,
  bold: harmless,
  code: harmless,
  link: (label, url) => harmless(`${label}: ${url}`),
  inFence: (line) => line,
  fence: { open: '', close: '' },
  time: stamp,
};
