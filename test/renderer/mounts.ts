/**
 * Small disks and read-only ones, as real as they come: file systems in memory, mounted where the tests run as root on
 * Linux. Elsewhere there is `/dev/full`, and a limit on the size of files.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { Effect, type Scope } from "effect"

const run = (command: string, ...args: ReadonlyArray<string>): boolean => spawnSync(command, args).status === 0

const mount = (folder: string, options: string): boolean => run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder)

// What is still open in it goes with its last user.
const unmount = (folder: string): boolean => run("umount", "--lazy", folder)

const works = (): boolean => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false
  const folder = mkdtempSync(`${tmpdir()}/narrative-mount-`)
  const mounted = mount(folder, "size=64k")
  if (mounted) unmount(folder)
  rmdirSync(folder)
  return mounted
}

/** Whether disks can be mounted here. */
export const canMount = works()

/** Mounts an empty disk over a folder until the scope closes. `options`: `size=64k`, `ro`. */
export const mounted = (folder: string, options: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      if (!mount(folder, options)) throw new Error(`nothing can be mounted over ${folder}`)
    }),
    () => Effect.sync(() => unmount(folder))
  )
