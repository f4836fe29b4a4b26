/**
 * Fields of a filter. Each is a parameter of the address, so that what is shown can be sent to someone else.
 */
import { useSignal } from "@preact/signals"
import { useRef } from "preact/hooks"
import { SearchField } from "../../kit/SearchField.js"
import { useKeys } from "../pageKeys.js"
import { address, changeQuery } from "../router.js"

/** Between a key and the request for what was typed, in milliseconds. */
const typingPause = 250

/** A change of a filter begins at the first page again. */
const change = (name: string, value: string, how: "push" | "replace" = "push"): void =>
  changeQuery({ [name]: value, cursor: "" }, how)

const valueOf = (name: string): string => address.value.query.get(name) ?? ""

/** What is typed, taken over after a pause or at Enter. */
const useTyped = (name: string, take = (text: string) => change(name, text.trim(), "replace")) => {
  const typed = useSignal<string | undefined>(undefined)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const apply = () => {
    clearTimeout(timer.current)
    if (typed.value !== undefined) take(typed.value)
    typed.value = undefined
  }
  const type = (text: string) => {
    typed.value = text
    clearTimeout(timer.current)
    timer.current = setTimeout(apply, typingPause)
  }
  return { text: typed.value ?? valueOf(name), type, apply }
}

interface FieldProps {
  /** The parameter. */
  readonly name: string
  readonly title: string
}

interface SearchParameterProps extends FieldProps {
  readonly found: string
  /** What becomes of the text (default: it is the parameter, without the blanks around it). */
  readonly take?: (text: string) => void
}

/** The search of a view, which the key `/` leads to. */
export const SearchParameter = ({ found, name, take, title }: SearchParameterProps) => {
  const { apply, text, type } = useTyped(name, take)
  const input = useRef<HTMLInputElement>(null)
  useKeys([
    {
      keys: ["/"],
      does: "Search",
      run: () => {
        input.current?.focus()
        input.current?.select()
      }
    }
  ])
  return (
    <SearchField
      text={{ value: text }}
      label={title}
      found={{ value: found }}
      onText={type}
      onEnter={apply}
      input={input}
    />
  )
}

export const TextParameter = ({ name, placeholder, title }: FieldProps & { readonly placeholder: string }) => {
  const { apply, text, type } = useTyped(name)
  return (
    <input
      class="control"
      aria-label={title}
      title={title}
      placeholder={placeholder}
      spellcheck={false}
      value={text}
      onInput={({ currentTarget }) => type(currentTarget.value)}
      onKeyDown={({ key }) => {
        if (key === "Enter") apply()
      }}
    />
  )
}

export interface Choice {
  readonly value: string
  readonly title: string
}

interface ChoiceParameterProps extends FieldProps {
  readonly choices: ReadonlyArray<Choice>
  /** What it is called where nothing is chosen; without it the first choice is. */
  readonly any?: string
}

export const ChoiceParameter = ({ any, choices, name, title }: ChoiceParameterProps) => {
  const given = valueOf(name)
  const isOther = given !== "" && !choices.some(({ value }) => value === given)
  return (
    <select
      class="control"
      aria-label={title}
      value={given}
      onChange={({ currentTarget }) => change(name, currentTarget.value)}
    >
      {any !== undefined && <option value="">{any}</option>}
      {(isOther ? [{ value: given, title: given }, ...choices] : choices).map(({ title, value }) => (
        <option key={value} value={value}>
          {title}
        </option>
      ))}
    </select>
  )
}

/** Several of a few: what is not chosen is left out, and nothing chosen is all. */
export const SeveralParameter = ({
  choices,
  name,
  title
}: FieldProps & { readonly choices: ReadonlyArray<Choice> }) => {
  const given = valueOf(name).split(",")
  return (
    <div class="filters" role="group" aria-label={title}>
      {choices.map((choice) => {
        const isOn = given.includes(choice.value)
        const next = choices.filter(({ value }) => (value === choice.value ? !isOn : given.includes(value)))
        return (
          <button
            key={choice.value}
            type="button"
            class="filter"
            aria-pressed={isOn}
            onClick={() => change(name, next.map(({ value }) => value).join(","))}
          >
            {choice.title}
          </button>
        )
      })}
    </div>
  )
}

/** Takes away every filter. */
export const ClearFilters = ({ names }: { readonly names: ReadonlyArray<string> }) => {
  const given = Array.from(address.value.query.keys()).filter(
    (key) => names.includes(key) || names.some((name) => name.endsWith(".") && key.startsWith(name))
  )
  if (given.length === 0) return null
  return (
    <button
      type="button"
      class="link quiet"
      onClick={() => changeQuery({ ...Object.fromEntries(given.map((name) => [name, ""])), cursor: "" })}
    >
      Clear filters
    </button>
  )
}
