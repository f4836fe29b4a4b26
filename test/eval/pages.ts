/**
 * The parts of the documentation that are made from the rule book and its score.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import { Effect } from "effect"
import { RuleBook } from "../../src/index.js"
import { root } from "../docs/ChildProgram.js"
import { type Score, summaryOf } from "./Evaluation.js"

/** What is between `<!-- name -->` and `<!-- /name -->`. */
export interface Section {
  readonly page: string
  readonly name: string
  readonly text: string
}

export const scoreSection = (scores: ReadonlyArray<Score>): Section => ({
  page: "docs/analyzers.md",
  name: "eval",
  text: summaryOf("the rule book", scores)
})

const cell = (text: string): string => text.replaceAll("|", "\\|")

export const rulesSection: Section = {
  page: "docs/rule-book.md",
  name: "rules",
  text: [
    `${RuleBook.rules.length} rules, asked in this order:`,
    "",
    "| rule | when | how to fix it |",
    "|---|---|---|",
    ...RuleBook.rules.map(({ id, hint, when }) => `| \`${id}\` | ${cell(when)} | ${cell(hint)} |`)
  ].join("\n")
}

const marks = (name: string) => new RegExp(`(?<=<!-- ${name} -->\n)[\\s\\S]*?(?=\n<!-- /${name} -->)`)

export const read = Effect.fnUntraced(function* ({ name, page }: Section) {
  const fs = yield* FileSystem.FileSystem
  return marks(name).exec(yield* fs.readFileString(root + page))?.[0]
})

export const write = Effect.fnUntraced(function* ({ name, page, text }: Section) {
  const fs = yield* FileSystem.FileSystem
  const old = yield* fs.readFileString(root + page)
  if (!marks(name).test(old)) return yield* Effect.dieMessage(`${page} has no place for <!-- ${name} -->`)
  yield* fs.writeFileString(
    root + page,
    old.replace(marks(name), () => text)
  )
})
