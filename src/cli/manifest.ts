/**
 * This package's own `package.json`, from its sources as from the bundle.
 */
import { readFileSync } from "node:fs"

interface Manifest {
  readonly version: string
  readonly peerDependencies: { readonly [name: string]: string }
}

export const manifest: Manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
