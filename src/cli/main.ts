#!/usr/bin/env node
/**
 * `narrative`: starts the command.
 */
import { runMain } from "./narrativeCommand.js"

// Whoever reads the output may have seen enough (`narrative stories | head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit()
  throw error
})

runMain(process.argv)
