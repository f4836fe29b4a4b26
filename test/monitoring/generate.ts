/**
 * Writes `docs/monitoring`: rules, their tests, the dashboard, and what is started to use them.
 *
 * `npm run monitoring` runs it.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { root } from "../docs/ChildProgram.js"
import { files, folder } from "./Files.js"

const generate = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(root + folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) yield* fs.writeFileString(root + folder + name, text)
})

generate.pipe(Effect.provide(NodeContext.layer), NodeRuntime.runMain)
