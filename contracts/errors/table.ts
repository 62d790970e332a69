/** CLI exit codes: what the caller of a script may rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, unreachable: 4, integrity: 5 } as const;
export type ExitKind = keyof typeof EXIT;

export interface ErrorEntry {
  /** HTTP status. */
  status: number;
  exit: ExitKind;
  /** What happened; `{name}` is filled from the error's params. */
  message: string;
  /** The next thing to do. */
  hint: string;
}
export type ErrorTable = Record<string, ErrorEntry>;
