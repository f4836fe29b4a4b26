/**
 * A dashboard over a few days of a shop, for tests of its views.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { fillMonth, telemetry } from "../../demo/month.js"
import { Chromium } from "../Chromium.js"
import { served, type Visit, visit } from "./served.js"

interface Served {
  readonly baseDir: string
  readonly url: string
  readonly cut: () => void
}

/** A dashboard over a few days of a shop, which all tests here look at. */
export class Shop extends Context.Tag("test/Shop")<Shop, Served>() {
  static readonly layer = Layer.scoped(
    Shop,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const baseDir = yield* fs.makeTempDirectoryScoped()
      // Four working days up to noon, whenever the tests run.
      const calendar = Date.UTC(2026, 0, 16, 12)
      yield* fillMonth({ until: Date.now() - 60_000, calendar, days: 4, seed: 3 }).pipe(
        Effect.provide(telemetry(baseDir))
      )
      return { baseDir, ...(yield* served(baseDir)) }
    })
  )
}

export const shop = Layer.mergeAll(Chromium.layer, Layer.provideMerge(Shop.layer, NodeContext.layer))

/** Looks at a view, which must do nothing that it should not do. */
export const look = (path: string, at: (visit: Visit) => Promise<void>, trouble: ReadonlyArray<RegExp> = []) =>
  Effect.gen(function* () {
    const visited = yield* visit((yield* Shop).url, path)
    yield* Effect.promise(() => at(visited))
    assert.deepStrictEqual(
      visited.trouble.filter((text) => !trouble.some((pattern) => pattern.test(text))),
      []
    )
  })

export const asked = (path: string) =>
  Effect.gen(function* () {
    const { url } = yield* Shop
    // What the server answers is what the page is held to.
    // biome-ignore lint/suspicious/noExplicitAny: the body of an answer.
    return yield* Effect.promise(async (): Promise<any> => (await fetch(`${url}/api/v1${path}`)).json())
  })

/** Waits until the server knows of something. */
export const eventually = (path: string): Effect.Effect<void, never, Shop> =>
  Effect.gen(function* () {
    const answer = yield* asked(path)
    if (answer.detail !== undefined) yield* eventually(path)
  })
