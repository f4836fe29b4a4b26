/**
 * Copies a text, where the browser allows it.
 */
import { flash } from "./flash.js"
import { Icon } from "./Icon.js"

interface CopyButtonProps {
  readonly text: string
  /** What the text is, e.g. `trace id`. */
  readonly what: string
}

export const CopyButton = ({ text, what }: CopyButtonProps) => (
  <button
    type="button"
    class="copy"
    title={`Copy ${what}`}
    aria-label={`Copy ${what}`}
    onClick={(event) => {
      const button = event.currentTarget
      event.stopPropagation()
      navigator.clipboard?.writeText(text).then(
        () => flash(button),
        () => {}
      )
    }}
  >
    <Icon name="copy" />
  </button>
)
