/**
 * What was done, in a corner of the page.
 */
import { Glyph } from "./Glyph.js"
import { dismiss, toasts } from "./toastList.js"

export const Toasts = () => (
  <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map(({ id, text, tone }) => (
      <div key={id} class={`toast ${tone}`}>
        <span>{text}</span>
        <button type="button" class="plain" aria-label="Dismiss" onClick={() => dismiss(id)}>
          <Glyph name="close" />
        </button>
      </div>
    ))}
  </div>
)
