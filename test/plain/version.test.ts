import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { version } from "../../src/plain/version.js"

describe("The version that the library says", () => {
  it("is the version of its package", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
    assert.strictEqual(version, manifest.version)
  })
})
