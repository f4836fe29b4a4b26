/**
 * The search of a page.
 */
import type { Ref } from "preact"
import { Icon } from "./Icon.js"

/** A signal, or what is shown now. */
interface Shown {
  readonly value: string
}

interface SearchFieldProps {
  readonly text: Shown
  /** What it searches. */
  readonly label: string
  /** What it found. */
  readonly found: Shown
  readonly onText: (text: string) => void
  readonly onEnter: () => void
  readonly input: Ref<HTMLInputElement>
}

export const SearchField = ({ found, input, label, onEnter, onText, text }: SearchFieldProps) => (
  <label class="search-field">
    <Icon name="search" />
    <input
      ref={input}
      class="search"
      id="search"
      type="search"
      placeholder={label}
      aria-label={label}
      autocomplete="off"
      spellcheck={false}
      value={text.value}
      onInput={({ currentTarget }) => onText(currentTarget.value)}
      onKeyDown={({ key }) => {
        if (key === "Enter") onEnter()
      }}
    />
    <span class="found" id="found" role="status" aria-live="polite">
      {found.value}
    </span>
    <kbd>/</kbd>
  </label>
)
