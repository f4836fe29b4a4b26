/**
 * Which runs `narrative runs list` and `export` are about.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { momentOf } from "../history/HistoryFilter.js"
import { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import * as runFilter from "../runs/runFilter.js"
import type * as runInput from "../runs/runInput.js"
import { isFaulty } from "../runs/runInput.js"

export interface FilterOptions {
  readonly agent: Option.Option<string>
  readonly job: Option.Option<string>
  readonly status: Option.Option<string>
  readonly since: Option.Option<string>
}

/** The filter for a page of `limit` runs. */
export const filterOf = ({ agent, job, since, status }: FilterOptions, limit: number) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const from = Option.isNone(since)
      ? undefined
      : yield* options.attempt(() => new Date(momentOf("--since", since.value, now)).toISOString())
    const filter = runFilter.parse({
      limit: String(limit),
      agent_name: Option.getOrUndefined(agent),
      job_type: Option.getOrUndefined(job),
      status: Option.getOrUndefined(status),
      start_time_from: from
    })
    return isFaulty(filter) ? yield* inOptions(filter.faults) : filter.value
  })

/** What one types for the parameters of a query. */
const optionNames: Readonly<Record<string, string>> = { limit: "--last", status: "--status" }

const inOptions = ([fault]: ReadonlyArray<runInput.InputFault>) =>
  new InvalidOption({
    setting: optionNames[String(fault?.loc[1])] ?? String(fault?.loc[1]),
    expected: fault?.msg.replace(/^takes /, "") ?? ""
  })
