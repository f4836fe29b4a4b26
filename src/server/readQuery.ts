/**
 * Reads the parameters of a query. What is wrong with any of them is collected, and named.
 */
import * as Effect from "effect/Effect"
import type { StoryFilter } from "../history/HistoryFilter.js"
import { StoryState } from "../history/StoryRecord.js"
import type { InputFault } from "../runs/runInput.js"
import { invalid, type Refusal } from "./answers.js"

export type Query = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

export class QueryReader {
  readonly faults: Array<InputFault> = []
  readonly #given: Query
  readonly #known = new Set<string>()

  constructor(given: Query) {
    this.#given = given
  }

  fail(name: string, msg: string): void {
    this.faults.push({ loc: ["query", name], msg, type: "value_error" })
  }

  text(name: string): string | undefined {
    this.#known.add(name)
    const value = this.#given[name]
    if (value === undefined || typeof value === "string") return value
    this.fail(name, "is given more than once")
    return undefined
  }

  /** Given once with commas, or more than once. */
  texts(name: string): ReadonlyArray<string> {
    this.#known.add(name)
    return this.#all(name).flatMap((value) => value.split(",").map((part) => part.trim()))
  }

  /** Given more than once. */
  all(name: string): ReadonlyArray<string> {
    this.#known.add(name)
    return this.#all(name)
  }

  oneOf<A extends string>(name: string, known: ReadonlyArray<A>): A | undefined {
    const value = this.text(name)
    const found = known.find((one) => one === value)
    if (value !== undefined && found === undefined) this.fail(name, `takes ${known.join(", ")}`)
    return found
  }

  someOf<A extends string>(name: string, known: ReadonlyArray<A>): ReadonlyArray<A> | undefined {
    const values = this.texts(name)
    const found = known.filter((one) => values.includes(one))
    const isWrong = values.some((value) => !known.some((one) => one === value))
    if (isWrong) this.fail(name, `takes ${known.join(", ")}`)
    return values.length === 0 || isWrong ? undefined : found
  }

  whole(name: string, least: number, most: number): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (/^\d{1,16}$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value)
    this.fail(name, `takes a whole number from ${least} to ${most}`)
    return undefined
  }

  flag(name: string): boolean | undefined {
    const value = this.oneOf(name, ["true", "false"])
    return value === undefined ? undefined : value === "true"
  }

  /** The parameters that begin so, by the rest of their names. */
  named(prefix: string): { readonly [name: string]: string } {
    const found = Object.keys(this.#given).filter((name) => name.startsWith(prefix))
    return Object.fromEntries(
      found.flatMap((name) => {
        const rest = name.slice(prefix.length)
        const value = this.text(name)
        if (rest === "") this.fail(name, "takes a name after the dot")
        return value === undefined || rest === "" ? [] : [[rest, value]]
      })
    )
  }

  /** A filter that is misspelt must not find everything. */
  refuseOthers(): void {
    for (const name of Object.keys(this.#given)) {
      if (!this.#known.has(name)) this.fail(name.slice(0, 100), "is no parameter of this")
    }
  }

  #all(name: string): ReadonlyArray<string> {
    const value = this.#given[name]
    return value === undefined ? [] : typeof value === "string" ? [value] : value
  }
}

/** Most stories, or failures, of one page. */
const mostOnPage = 1_000

/** The filter of stories. `prefix` is before each of its names. */
export const storyFilter = (query: QueryReader, prefix = ""): StoryFilter => {
  const labels = query.named(`${prefix}label.`)
  return {
    status: query.someOf(`${prefix}status`, StoryState.literals),
    name: query.text(`${prefix}name`),
    text: query.text(`${prefix}text`),
    since: query.text(`${prefix}since`),
    until: query.text(`${prefix}until`),
    correlation: query.text(`${prefix}correlation`),
    rootsOnly: query.flag(`${prefix}roots`),
    ...(Object.keys(labels).length === 0 ? {} : { labels })
  }
}

export const page = (query: QueryReader) => ({
  limit: query.whole("limit", 1, mostOnPage),
  cursor: query.text("cursor")
})

/** What was asked for, or what is wrong with it. */
export const parsed = <A>(given: Query, read: (query: QueryReader) => A): Effect.Effect<A, Refusal> =>
  Effect.suspend(() => {
    const query = new QueryReader(given)
    const value = read(query)
    query.refuseOthers()
    return query.faults.length > 0 ? invalid(query.faults) : Effect.succeed(value)
  })
