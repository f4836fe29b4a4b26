/**
 * Runs of many machines: in a schema of PostgreSQL.
 *
 * With a journal, a write is accepted when it is on this machine's disk, and goes to the server from there, as it goes into a file.
 * Without one it is accepted when the server has committed it.
 */
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Source } from "../history/database/source.js"
import { type Embedded, type EmbeddedOptions, journalled, reading, withGit } from "./embedded.js"
import { journalId } from "./journalId.js"
import * as runStore from "./runStore.js"
import * as sharedWrites from "./sharedWrites.js"

export interface PgRunsOptions extends Pick<EmbeddedOptions, "defaults" | "repository"> {
  readonly source: Source
  /** The folder of the journal, if there is to be one. */
  readonly journal: string | undefined
  readonly capacity: number
  /** In milliseconds. */
  readonly reconnectTimeout: number
}

/** @internal */
export const open = (options: PgRunsOptions): Effect.Effect<Embedded, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (options.journal !== undefined) {
      const folder = resolve(options.journal)
      return yield* journalled({ ...options, journal: folder, prefix: `${journalId(folder)}/` })
    }
    const store = yield* runStore.make({ source: options.source, journal: undefined })
    const writes = yield* sharedWrites.make({ ...options, store })
    return { sink: { ...writes, ...reading(store), defaults: yield* withGit(options) }, store }
  })
