/**
 * A program that really fails, and what anyone who explains it has to find out. What is right was written down beside the
 * program, not taken from an answer.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

export interface EvalCase {
  readonly name: string
  /** Why a wrong answer is tempting; a plain case has none. */
  readonly hard?: string
  /** A story. */
  readonly program: Effect.Effect<unknown, unknown, Scope.Scope>
  readonly truth: Truth
}

export interface Truth {
  /** A part of the source line that is to be shown. */
  readonly line: string
  /** The rule that is about it; `null` where it takes knowing the program. */
  readonly rule: string | null
  /** The cause is found by whoever says one word of each group. Small letters. */
  readonly cause: ReadonlyArray<ReadonlyArray<string>>
  /** Who says one of these blames the innocent. Small letters. */
  readonly innocent?: ReadonlyArray<string>
}

export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "eval-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** The address of a server on loopback that is there for the scope. */
export const serving = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))

/** A port at which no server listens any more. */
export const closedPort = Effect.map(Effect.scoped(serving(() => {})), (url) => Number(new URL(url).port))
