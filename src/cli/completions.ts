/**
 * The completion scripts of `@effect/cli`, with what is wrong with them corrected.
 */
import type { HelpSection } from "./helpText.js"

/** What the help says of a command. */
type Described = ReadonlyArray<HelpSection>

/** The values of a choice are words, not one word with commas. */
export const ofBash = (script: string): string =>
  script.replace(/compgen -W "([\w,-]+)"/g, (_, values: string) => `compgen -W "${values.replaceAll(",", " ")}"`)

/**
 * As it comes, the script does nothing at the first press of the tab key where it is in a file `_narrative`, takes an
 * option's value for the end of the options, and knows no arguments.
 */
export const ofZsh = (script: string, commands: Readonly<Record<string, Described>>): string => {
  let described: Described | undefined
  return script
    .replace('"$funcstack[1]" = "_narrative_zsh_completions"', '"$funcstack[1]" = "_narrative"')
    .split("\n")
    .flatMap((line) => {
      const name = /^ {12}\((\w+)\)$/.exec(line)?.[1]
      if (name !== undefined) described = commands[name]
      if (described === undefined) return [line]
      // Its own arguments are those with a list of values, in a form that zsh does not take.
      if (/^ +'\*?::?</.test(line)) return []
      if (line.trim() === "&& ret=0") return [...argumentsOf(described), line]
      return [withValue(line, described)]
    })
    .join("\n")
}

const entriesOf = (sections: Described, title: string) =>
  sections.filter((section) => section.title === title).flatMap(({ entries }) => entries)

/** `'--last[How many.]' \` as `'--last[How many.]:count:' \`, where `-n, --last count` takes a value. */
const withValue = (line: string, described: Described): string => {
  const option = /^ +'(-[\w-]+)\[/.exec(line)?.[1]
  const entry = entriesOf(described, "Options").find(([names]) => names.split(/[ ,]+/).includes(option ?? ""))
  const value = entry === undefined ? undefined : / (\w+)$/.exec(entry[0])?.[1]
  if (value === undefined) return line
  const repeated = entry?.[1].includes("more than once") === true ? line.replace(/'-/, "'*-") : line
  return repeated.replace(/\]' \\$/, `]:${value}:' \\`)
}

/** `<id>` and `[source]`: a source may be a file. */
const argumentsOf = (described: Described): ReadonlyArray<string> =>
  entriesOf(described, "Arguments").map(([argument], i) => {
    const name = argument.replace(/\W/g, "")
    return `                '${i + 1}:${argument.startsWith("[") ? ":" : ""}${name}:${name === "source" ? "_files" : ""}' \\`
  })
