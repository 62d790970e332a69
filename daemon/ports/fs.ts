/**
 * The file-system calls that durability rests on, one method per system call, so that a simulated file system can
 * stop, tear, drop or fail each of them (test/crash). Paths are absolute. Every method rejects with the errno error.
 */
export interface Fs {
  /**
   * open(2). `flags`: 'a' append+create, 'r' read, 'wx' create exclusively, 'wxs' the same with O_DSYNC, 'r+' read/write.
   * Refuses to follow a final symlink (O_NOFOLLOW).
   */
  open(path: string, flags: OpenFlags, mode?: number): Promise<FileHandle>;
  /** Entry names, not sorted. */
  readdir(path: string): Promise<string[]>;
  /** mkdir -p with the mode for what it creates. */
  mkdir(path: string, mode: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  lstat(path: string): Promise<FileStat>;
  /** fsync(2) on the directory, so that created, renamed and removed names last. */
  syncDir(path: string): Promise<void>;
}

export type OpenFlags = 'a' | 'r' | 'wx' | 'wxs' | 'r+';

export interface FileStat {
  size: number;
  mode: number;
  uid: number;
  isFile: boolean;
  isDirectory: boolean;
  isSymbolicLink: boolean;
  ino: number;
  nlink: number;
}

export interface FileHandle {
  /**
   * write(2): may be short; returns the bytes written. In append mode the position is the end. With `position` ('r+'
   * only) it is pwrite(2).
   */
  write(data: Uint8Array, position?: number): Promise<number>;
  /** writev(2): may be short; returns the bytes written. With 'wxs' they are then on stable storage, as after `datasync`. */
  writev(parts: readonly Uint8Array[]): Promise<number>;
  /** pread(2): fills `into` from `position`; returns the bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** fdatasync(2): resolves when data and the size needed to read it back are on stable storage. */
  datasync(): Promise<void>;
  truncate(size: number): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
}
