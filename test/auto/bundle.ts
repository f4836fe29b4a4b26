/**
 * Puts what the import hook loads at the start into one file: each of fifteen would be looked for while a program waits to begin.
 *
 *     npm run build
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = fileURLToPath(new URL("../..", import.meta.url))
const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))

await build({
  absWorkingDir: root,
  entryPoints: ["dist/auto/index.js"],
  outfile: "dist/auto/index.js",
  allowOverwrite: true,
  bundle: true,
  // What the rest of the library has as well, and what is loaded later.
  external: ["./dist/diagnostics/source/movedColumns.js", "./dist/auto/narratedCalls.js", "./dist/auto/triedModule.js"],
  charset: "utf8",
  format: "esm",
  platform: "node",
  sourcemap: true,
  target: engines.node.replace(/^>=/, "node"),
  logLevel: "warning"
})
