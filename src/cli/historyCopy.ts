/**
 * What `narrative copy` does.
 */
import * as Effect from "effect/Effect"
import type { Copied } from "../history/database/copyStories.js"
import type { HistoryError } from "../history/HistoryError.js"
import * as historyFile from "./historyFile.js"
import { needing } from "./missingPackage.js"
import { Output, writeJson } from "./output.js"

const modules = needing(() =>
  Promise.all([
    import("../history/database/copyStories.js"),
    import("../history/database/database.js"),
    import("../history/database/migrations.js"),
    import("../history/database/postgres.js")
  ])
)

export const copy = ({ from, json, to }: { readonly from: string; readonly to: string; readonly json: boolean }) =>
  Effect.gen(function* () {
    yield* historyFile.checkPassword(from, "--from")
    yield* historyFile.checkPassword(to, "--to")
    const [{ copyStories }, database, { checkReadable, migrate }, { makeSchema, openPg }] = yield* modules
    const output = yield* Output
    const source = historyFile.isServer(from) ? yield* openPg({ url: from }) : yield* database.openExisting(from, true)
    yield* checkReadable(source)
    const target = historyFile.isServer(to) ? yield* openPg({ url: to }) : yield* database.openFile(to)
    const prepare = historyFile.isServer(to) ? makeSchema(target.sql) : database.makeDurable(target.sql)
    yield* migrate(target, prepare)
    const progress = (so: Copied) => (json ? Effect.void : output.note(`${describe(so)} so far`))
    const copied = yield* Effect.mapError(
      copyStories(source.sql, target.sql, progress),
      (error): HistoryError => database.queryFailed(null)(error)
    )
    if (json) return yield* writeJson(copied)
    return yield* output.write(`${describe(copied)}.\n`)
  }).pipe(Effect.scoped)

const describe = ({ copied, found, running }: Copied): string => {
  const left = running === 0 ? "" : `, left out ${running} that may still run`
  return `Copied ${copied} ${copied === 1 ? "story" : "stories"}, found ${found} there already${left}`
}
