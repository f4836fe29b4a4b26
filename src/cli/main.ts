#!/usr/bin/env node
/**
 * `narrative`: starts the command, or tells which packages it still needs.
 */
import { missingPackages } from "./MissingPackages.js"

// Whoever reads the output may have seen enough (`narrative stories | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit()
  throw error
})

try {
  const { runMain } = await import("./NarrativeCommand.js")
  runMain(process.argv)
} catch (error) {
  const missing = missingPackages(error)
  if (missing === undefined) throw error
  process.stderr.write(`narrative: ${missing}\n`)
  process.exitCode = 1
}
