/** What the text of a C2SP signed checkpoint says; whether its signature holds is for the ledger's verification. */
export interface NoteHead {
  origin: string;
  size: number;
  /** 64 hex digits. */
  root: string;
}

const NOTE = /([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n(?:— [^\n]+\n)+/y;

/** Undefined when the text does not begin with a checkpoint. */
export function readNote(text: string): NoteHead | undefined {
  return splitNotes(text)[0]?.head;
}

/** The checkpoints of a history file (each is followed by an empty line), up to the first malformed byte. */
export function splitNotes(text: string): { note: string; head: NoteHead }[] {
  const notes: { note: string; head: NoteHead }[] = [];
  let at = 0;
  for (;;) {
    NOTE.lastIndex = at;
    const [note, origin, size, root] = NOTE.exec(text) ?? [];
    if (note === undefined || origin === undefined || size === undefined || root === undefined) return notes;
    notes.push({
      note,
      head: { origin, size: Number(size), root: Buffer.from(root, 'base64').toString('hex') },
    });
    at += note.length;
    if (text[at] === '\n') at += 1;
  }
}
