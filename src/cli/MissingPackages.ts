/**
 * The packages that the command needs and the library does not, and which of them are not there.
 */
import { readFileSync } from "node:fs"

/** All of them optional peers: a program that only narrates needs none. */
const needed = [
  "@effect/cli",
  "@effect/platform-node",
  "@effect/printer",
  "@effect/printer-ansi",
  "@effect/sql",
  "@effect/sql-sqlite-node"
]

/** What to tell when an import failed for want of one of them, on one line; `undefined` when it failed otherwise. */
export const missingPackages = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") return undefined
  const missing = needed.filter((name) => !isThere(name))
  if (missing.length === 0) return undefined
  const what = missing.length === 1 ? "a package that is" : "packages that are"
  return `the command needs ${what} not installed: npm install --save-dev ${missing.map(withRange).join(" ")}`
}

const isThere = (name: string): boolean => {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}

const withRange = (name: string): string => `"${name}@${manifest.peerDependencies[name] ?? "*"}"`

interface Manifest {
  readonly version: string
  readonly peerDependencies: { readonly [name: string]: string }
}

/** This package's own `package.json`. */
export const manifest: Manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
