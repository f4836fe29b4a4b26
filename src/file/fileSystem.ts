/**
 * The file system that a path is on: whether it is of this machine alone, and how much room it has.
 */
import { existsSync, statfsSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { attempt } from "../plain/untrusted.js"

export interface FileSystemKind {
  /** `ext4`, `NFS`, …; `unknown` where it has no name here. */
  readonly name: string
  /**
   * Whether other machines may see its files, or it passes everything on to another system: shared memory and locks cannot be
   * relied on there.
   */
  readonly isShared: boolean
}

/** By the number that Linux has for each. */
const shared: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x01021997, "9p"],
  [0x65735546, "FUSE"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x00c36400, "Ceph"],
  [0x01161970, "GFS2"],
  [0x7461636f, "OCFS2"],
  [0x73757245, "Coda"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x19830326, "FhGFS"],
  [0x786f4256, "a shared folder of VirtualBox"],
  [0x7c7c6673, "a shared folder of Parallels"]
])

const local: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext4"],
  [0x58465342, "XFS"],
  [0x9123683e, "Btrfs"],
  [0x2fc12fc1, "ZFS"],
  [0xf2f52010, "F2FS"],
  [0x01021994, "tmpfs"],
  [0x794c7630, "overlayfs"],
  [0xca451a4e, "bcachefs"],
  [0x4d44, "FAT"],
  [0x5346544e, "NTFS"]
])

const unknown: FileSystemKind = { name: "unknown", isShared: false }

/** The kind by its number. */
export const ofType = (type: number): FileSystemKind => {
  // A number of 32 bits may be given with its sign.
  const number = type >>> 0
  const name = shared.get(number)
  if (name !== undefined) return { name, isShared: true }
  return { name: local.get(number) ?? unknown.name, isShared: false }
}

/** The kind at a path, which need not exist yet. Other systems than Linux have other numbers: there it is unknown. */
export const kindAt = (path: string): FileSystemKind =>
  process.platform === "linux" ? attempt(() => ofType(statfsSync(existing(path)).type), unknown) : unknown

/** How many bytes a program may still write there. `undefined` where that cannot be said. */
export const freeAt = (path: string): number | undefined =>
  attempt(() => {
    const { bavail, bsize } = statfsSync(existing(path))
    return bavail * bsize
  }, undefined)

/** The path, or the first folder above it that exists. */
const existing = (path: string): string => {
  let place = resolve(path)
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  return place
}
