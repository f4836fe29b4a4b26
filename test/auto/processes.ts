/**
 * Programs as processes of Node, of each version that is tried.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

/** Executables of Node besides the one in use, as a list of paths in `NODES`. */
export const nodes: ReadonlyArray<string> = [
  process.execPath,
  ...(process.env["NODES"] ?? "").split(/[:\s]+/).filter((path) => path !== "")
]

const dist = new URL("../../dist/", import.meta.url)

/** Compiled modules of the package: `npm test` builds them first. */
export const compiled = (path: string): string => new URL(path, dist).href

export const hook = compiled("auto/index.js")

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly node?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  /** Called with all that it printed so far, each time that it printed something. */
  readonly onOutput?: (text: string, child: ReturnType<typeof spawn>) => void
}

/** Runs Node with these arguments to its end. */
export const run = (args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(options.node ?? process.execPath, args, {
      cwd: options.cwd ?? fileURLToPath(new URL(".", import.meta.url)),
      env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "", ...options.env }
    })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (text) => {
      stdout += text
      options.onOutput?.(stdout, child)
    })
    child.stderr.on("data", (text) => {
      stderr += text
    })
    child.on("error", reject)
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
    child.stdin.on("error", () => undefined)
    child.stdin.end(options.input ?? "")
  })
