/**
 * What a command takes, read from what `@effect/cli` says of it.
 */
import type { HelpDoc } from "@effect/cli/HelpDoc"
import { definitionsOf } from "./helpText.js"

export interface CommandSyntax {
  readonly options: ReadonlyArray<OptionSyntax>
  /** As the usage shows them: `<id>`, `[source]`. */
  readonly arguments: ReadonlyArray<string>
}

export interface OptionSyntax {
  /** `--last` and `-n`. */
  readonly names: ReadonlyArray<string>
  readonly value: "none" | "integer" | "number" | "text" | "pairs" | ReadonlyArray<string>
  readonly isRepeatable: boolean
}

export const syntaxOf = (doc: HelpDoc): CommandSyntax => {
  const definitions = definitionsOf(doc)
  return {
    options: definitions.filter(({ section }) => section === "Options").map(optionOf),
    arguments: definitions.filter(({ section }) => section === "Arguments").map(({ name }) => name)
  }
}

type Definition = ReturnType<typeof definitionsOf>[number]

const optionOf = ({ name, paragraphs }: Definition): OptionSyntax => ({
  names: name.split(/[ ,]+/).filter((word) => word.startsWith("-")),
  value: valueOf(paragraphs),
  isRepeatable: paragraphs.some((text) => text.includes("more than once"))
})

const valueOf = (paragraphs: ReadonlyArray<string>): OptionSyntax["value"] => {
  for (const text of paragraphs) {
    if (text === "A true or false value.") return "none"
    if (text === "An integer.") return "integer"
    if (text === "A floating point number.") return "number"
    if (text.startsWith("This setting is a property argument")) return "pairs"
    if (text.startsWith(oneOf)) return text.slice(oneOf.length).split(", ")
  }
  return "text"
}

const oneOf = "One of the following: "
