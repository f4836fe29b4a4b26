import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { together } from "../../src/server/together.js"
import { atEveryOperation } from "../fixtures/interruptingScheduler.js"

const makeQuestions = () => {
  const questions: Array<ReadonlyArray<string>> = []
  const ask = together((keys) =>
    Effect.sync(() => {
      questions.push(keys)
      return new Set(keys)
    })
  )
  return { ask, questions }
}

describe("What several callers want at a time", () => {
  it.live("is asked for by one question, whose answer each of them has", () =>
    Effect.gen(function* () {
      const { ask, questions } = makeQuestions()
      const answers = yield* Effect.forEach(["a", "b", "c"], ask, { concurrency: "unbounded" })
      assert.deepStrictEqual(questions, [["a", "b", "c"]])
      for (const answer of answers) assert.deepStrictEqual(Array.from(answer), ["a", "b", "c"])
      yield* ask("d")
      assert.deepStrictEqual(questions.at(-1), ["d"])
    })
  )

  it.live("is answered to whoever comes later, wherever the first caller is interrupted", () =>
    Effect.gen(function* () {
      const { ask } = makeQuestions()
      const operations = yield* atEveryOperation(ask("first"), () =>
        Effect.map(ask("later"), (answer) => assert.isTrue(answer.has("later")))
      )
      assert.isAbove(operations, 5)
    })
  )
})
