import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"

const sources = fileURLToPath(new URL("../../../src/", import.meta.url))

const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"))

/** An import of a value, for which the package has to be there as soon as the file is loaded. */
const staticImport = /^(?:import|export)\s(?!type\s)[^"]*\bfrom\s+"@effect\/sql-(?:pg|sqlite-node)[/"]/m

describe("The packages of databases", () => {
  it("are loaded when a database of their kind is opened, and by no file before", () => {
    assert.isNotEmpty(files)
    assert.match('import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"', staticImport)
    assert.deepStrictEqual(
      files.filter((path) => staticImport.test(readFileSync(join(sources, path), "utf8"))),
      []
    )
  })
})
