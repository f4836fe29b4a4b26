/**
 * Runs as a file: exactly those that the filter of the list finds.
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Embedded } from "../runs/embedded.js"
import * as runExport from "../runs/runExport.js"
import * as runFilter from "../runs/runFilter.js"
import { isFaulty } from "../runs/runInput.js"
import { mostRows } from "../runs/xlsx.js"
import { invalid, type Refusal } from "./answers.js"
import { unavailable } from "./runWrites.js"

/** Parameters that are of a page, and not of what is exported. */
const ofPages = ["limit", "offset", "cursor"]

/** @internal */
export const make =
  ({ store }: Embedded) =>
  (query: runFilter.Parameters): Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal> =>
    Effect.gen(function* () {
      const { format: wanted = "csv", most: asked, ...given } = query
      const parameters = Object.fromEntries(Object.entries(given).filter(([name]) => !ofPages.includes(name)))
      const format = runExport.formats.find((name) => name === wanted)
      if (format === undefined) return yield* fault("format", `takes ${runExport.formats.join(", ")}`)
      const isWhole = typeof asked === "string" && /^[1-9]\d{0,14}$/.test(asked)
      if (asked !== undefined && !isWhole) return yield* fault("most", "takes a whole number of 1 or more")
      const filter = runFilter.parse(parameters)
      if (isFaulty(filter)) return yield* invalid(filter.faults)
      yield* unavailable(store.catchUp)
      const now = yield* Clock.currentTimeMillis
      const { bytes, count, isCut } = yield* unavailable(
        runExport.make(store.use, filter.value, {
          format,
          most: asked === undefined ? Number.MAX_SAFE_INTEGER : Number(asked),
          title: titleOf(parameters),
          now
        })
      )
      if (format === "xlsx" && count >= mostRows) {
        return yield* fault(
          "format",
          `a sheet takes at most ${mostRows - 1} runs, and there are ${count}; csv takes any number`
        )
      }
      return HttpServerResponse.stream(bytes, {
        contentType: runExport.contentTypes[format],
        headers: {
          "content-disposition": `attachment; filename="runs-${new Date(now).toISOString().slice(0, 10)}.${format}"`,
          "x-total-count": String(count),
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
          ...(isCut ? { "x-export-cut": "true" } : {})
        }
      })
    })

const fault = (name: string, msg: string) => invalid([{ loc: ["query", name], msg, type: "value_error" }])

const titleOf = (parameters: runFilter.Parameters): string => {
  const all = Object.entries(parameters).filter(([name]) => name !== "fields" && name !== "sort")
  return all.length === 0 ? "All runs" : all.map(([name, value]) => `${name}=${String(value)}`).join(", ")
}
