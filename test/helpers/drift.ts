/** Fields that are written down by name. */
export type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

/** As it comes over the wire: times are text, and JSON has one kind of number. */
type Wire<T> = T extends Date ? string : T extends bigint ? number : T;

/** Whether what they may leave out or null, we may, too. */
type Lacks<Ours, Theirs> =
  | (undefined extends Theirs ? (undefined extends Ours ? never : true) : never)
  | (null extends Theirs ? (null extends Ours ? never : true) : never);

/**
 * Paths of what we read of a payload that its published type does not have, or has otherwise: `never` where all is as it says.
 * `noDrift<Drift<Ours, Theirs>>()` compiles where that is so, and the compiler's message names the field where it is not.
 */
export type Drift<Ours, Theirs, At extends string = ''> = unknown extends Ours
  ? never
  : [Lacks<Ours, Theirs>] extends [never]
    ? Whole<NonNullable<Ours>, Wire<NonNullable<Theirs>>, At>
    : `${At}?`;

type Whole<Ours, Theirs, At extends string> = [Ours] extends [readonly (infer One)[]]
  ? [Theirs] extends [readonly (infer Their)[]]
    ? Drift<One, Their, `${At}[]`>
    : `${At}[]`
  : [Ours] extends [object]
    ? Fields<Named<Ours>, Theirs, At>
    : [Theirs] extends [Ours]
      ? never
      : At;

type Fields<Ours, Theirs, At extends string> = {
  [K in keyof Ours & string]: K extends keyof Theirs ? Drift<Ours[K], Theirs[K], `${At}.${K}`> : `${At}.${K}`;
}[keyof Ours & string];

/** Compiles only for nothing. */
export const noDrift = <Found extends never>(): Found[] => [];
