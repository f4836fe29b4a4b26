/**
 * What a program loads that makes stories and stages and nothing else. What describes and shows failures is loaded when a
 * story first needs it.
 */
import { assert, describe, it } from "@effect/vitest"
import { staticClosure } from "../fixtures/staticClosure.js"

describe("A program of stories and stages", () => {
  it("loads no renderer, no rule, no inspector and no file system", async () => {
    const { files, imported } = await staticClosure()
    assert.isNotEmpty(files)
    const heavy = /^src\/(analysis\/models|diagnostics\/(locals|rules|exactCause)|file|history|metrics|otel|renderer)\//
    assert.deepStrictEqual(
      files.filter((path) => heavy.test(path)),
      []
    )
    const foreign = /^(node:)?(fs|inspector|worker_threads)(\/|$)|^@effect\/platform\/FileSystem$/
    assert.deepStrictEqual(
      imported.filter((path) => foreign.test(path)),
      []
    )
  })

  it("loads no more than 60 KiB of it", async () => {
    const { bytes } = await staticClosure()
    assert.isAtMost(bytes, 60 * 1024)
  })
})
