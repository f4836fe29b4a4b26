/**
 * What `better-sqlite3` is within the bundle of the command, which cannot hold a native module: the one of the user's
 * `@effect/sql-sqlite-node`. It is asked for from there, as package managers need not put it anywhere else.
 */
import { createRequire } from "node:module"
import { MissingPackage } from "./missingPackage.js"

const packageName = "@effect/sql-sqlite-node"

const load = (): unknown => {
  try {
    const client = createRequire(import.meta.url).resolve(`${packageName}/package.json`)
    return createRequire(client)("better-sqlite3")
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") {
      throw new MissingPackage({ packageName })
    }
    throw error
  }
}

export default load()
