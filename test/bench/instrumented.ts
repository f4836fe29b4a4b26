/**
 * What an instrumented method costs outside any story.
 *
 *     npm run bench -- instrumented
 */
import { Instrument } from "./library.js"
import type { Case, Group } from "./rounds.js"

const calls = 100_000

let done = 0

const bare = {
  add: (a: number, b: number): number => {
    done += a
    return a + b
  }
}

const instrumented = Instrument.module({ ...bare })

const repeat = (name: string, { add }: typeof bare): Case => ({
  name,
  run: () => {
    let sum = 0
    for (let i = 0; i < calls; i++) sum = add(1, sum % 7)
    return sum
  }
})

export const groups: ReadonlyArray<Group> = [
  {
    title: "An instrumented function outside any story",
    text: "A function that adds two numbers, 100,000 times in a loop of plain code, bare and as `Instrument.module` gives it.",
    command: "npm run bench -- instrumented",
    per: calls,
    rounds: 61,
    cases: [repeat("bare function", bare), repeat("instrumented function", instrumented)],
    rows: [{ name: "bare function" }, { name: "instrumented function", atMostMicros: 0.05 }]
  }
]

export const witnesses = () => [done]
