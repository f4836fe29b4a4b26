/**
 * Histories in real SQLite files, for the length of a test.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, FiberRefs, Layer, type Scope } from "effect"
import * as rendererSet from "../../src/delivery/rendererSet.js"
import { History, HistoryRenderer } from "../../src/history/index.js"
import type { Renderer } from "../../src/index.js"
import { openSqlite } from "../bench/sqlite.js"

/** A folder that is gone when the scope closes. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "narrative-history-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export const file: Effect.Effect<string, never, Scope.Scope> = Effect.map(folder, (path) => join(path, "history.db"))

/** The renderer that a layer adds, for as long as the scope is open. */
export const rendererOf = <E, R>(
  layer: Layer.Layer<never, E, R>
): Effect.Effect<Renderer.Renderer, E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Layer.toRuntime(layer)
    const renderer = FiberRefs.getOrDefault(runtime.fiberRefs, rendererSet.current).at(-1)
    if (renderer === undefined) return yield* Effect.dieMessage("the layer adds a renderer")
    return renderer
  })

/** Everything told while it runs is in the file when it is done. */
export const recorded = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  filename: string,
  options: HistoryRenderer.HistoryOptions = {}
) => Effect.provide(self, HistoryRenderer.layer({ path: filename, ...options }))

/** Asks a history that programs may still be writing to. */
export const asked = <A, E, R>(self: Effect.Effect<A, E, R>, filename: string, readonly = true) =>
  Effect.provide(self, History.layerSqlite({ path: filename, readonly }))

/** Rows as somebody finds them who opens the file by hand. */
export const rowsOf = (
  filename: string,
  query: string
): Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>> =>
  Effect.sync(() => {
    const database = openSqlite(filename)
    try {
      return database.prepare(query).all()
    } finally {
      database.close()
    }
  })
