/**
 * `narrative runs post`: posts the runs that have ended and were not posted yet.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { InvalidOption } from "../plain/InvalidOption.js"
import type * as embedded from "../runs/embedded.js"
import * as posting from "../runs/posting.js"
import * as runReader from "../runs/runReader.js"
import * as settings from "../runs/settings.js"
import { Output, writeJson } from "./output.js"

export interface PostOptions {
  readonly url: Option.Option<string>
  readonly json: boolean
}

/** Some runs, or all, could not be posted. */
class NotPosted extends Data.TaggedError("NotPosted")<{
  readonly posted: number
  readonly refused: number
  readonly left: number
  readonly reason: string
}> {
  override get message(): string {
    const left = this.left === 0 ? "" : `, ${this.left} left`
    return `posted ${this.posted}, refused ${this.refused}${left}: ${this.reason}`
  }
}

/** Most runs that are posted at a time. */
const concurrency = 4
/** Most runs that are read at a time. */
const page = 500

export const postPending = ({ sink, store }: embedded.Embedded, given: PostOptions) =>
  Effect.gen(function* () {
    const server = yield* serverOf(given.url)
    const counts = { posted: 0, refused: 0 }
    let reason = ""
    let isDown = false
    let after = 0
    for (let isMore = true; isMore && !isDown; ) {
      const rows = yield* store.use((sql) => runReader.unposted(sql, after, page))
      isMore = rows.length === page
      after = rows.at(-1)?.id ?? after
      yield* Effect.forEach(
        rows,
        ({ run }) =>
          // After the last attempt at one of them the others would fare no better.
          isDown
            ? Effect.void
            : Effect.match(posting.post(sink, server, run), {
                onSuccess: () => {
                  counts.posted += 1
                },
                onFailure: (error) => {
                  reason = error.message
                  if (error.reason === "Refused") counts.refused += 1
                  else isDown = true
                }
              }),
        { concurrency, discard: true }
      )
    }
    yield* store.catchUp
    const left = isDown ? (yield* store.use(runReader.countUnposted)) - counts.refused : 0
    if (given.json) yield* writeJson({ ...counts, left })
    if (reason !== "") return yield* new NotPosted({ ...counts, left, reason })
    if (given.json) return
    const { note, write } = yield* Output
    if (counts.posted === 0) return yield* note("No run waits to be posted.")
    return yield* write(`Posted ${counts.posted} ${counts.posted === 1 ? "run" : "runs"}\n`)
  }).pipe(Effect.provide(FetchHttpClient.layer))

/** The address that is typed, else that of the environment; the token is only in the environment, for others see arguments. */
const serverOf = (typed: Option.Option<string>) =>
  Effect.gen(function* () {
    const known = settings.postTargetIn({ ...process.env, METRICS_API_ENABLED: undefined })
    const url = Option.getOrElse(typed, () => known?.url ?? "")
    if (/^https?:\/\//i.test(url) && URL.canParse(url)) return settings.targetOf({ url, token: known?.token })
    return yield* new InvalidOption({
      setting: "--url",
      expected: "an address that begins with http:// or https://, unless METRICS_API_URL has one"
    })
  })
